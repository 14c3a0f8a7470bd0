#include <opad/adapter/lora.hpp>

#include "laws/adapter.hpp"

using namespace opad;

TEST_CASE("Lora obeys the laws of an Adapter", "[adapter][lora]") {
  laws::adapter(Lora<>{});
  laws::adapter(Lora<3>{.alpha = 6.0});
  laws::adapter(LowRankAdapter{.rank = 2, .alpha = 8.0});
}

TEST_CASE("Lora changes all four projections of every attention layer", "[adapter][lora]") {
  const auto unet = small_unet();
  const auto parameters = LowRankAdapter{.rank = 3}.install(*unet);
  REQUIRE(parameters.size() == 8 * 4 * 2);
  std::set<std::string> names;
  for (const auto& [name, p] : parameters) {
    names.insert(name);
    REQUIRE(p.size(name.ends_with(".lora_A.weight") ? 0 : 1) == 3);
  }
  for (const std::string layer : {"to_q", "to_k", "to_v", "to_out.0"})
    REQUIRE(names.contains("unet.mid_block.attentions.0.transformer_blocks.0.attn1." + layer + ".lora_B.weight"));
}

TEST_CASE("Lora adds alpha / rank B A to a projection", "[adapter][lora]") {
  const auto unet = small_unet();
  const LowRankAdapter lora{.rank = 2, .alpha = 6.0};
  const std::string layer = "unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_k.";
  Tensor a, b;
  for (const auto& [name, p] : lora.install(*unet)) {
    if (name == layer + "lora_A.weight") a = p;
    if (name == layer + "lora_B.weight") b = p;
  }
  laws::disturb({{"b", b}});
  Tensor before, after;
  const auto key_weight = [&](Tensor& into) {
    unet->for_each_attention([&](const std::string& name, Attention& attention, bool) {
      if (layer.find(name) != std::string::npos && name.ends_with("attn2")) into = attention.to_k->weight.clone();
    });
  };
  key_weight(before);
  lora.merge(*unet);
  key_weight(after);
  REQUIRE(at::allclose(after, before + 3.0 * at::mm(b, a).detach(), 1e-5, 1e-6));
}

TEST_CASE("A LoRA file holds B multiplied by alpha / rank, so that alpha is not needed to read it", "[adapter][lora]") {
  const TemporaryFolder folder;
  const auto unet = small_unet();
  const SmallUNetInputs in(1);
  const LowRankAdapter lora{.rank = 2, .alpha = 6.0};
  laws::disturb(lora.install(*unet));
  lora.save(*unet, folder.path);
  const auto other = small_unet();
  LowRankAdapter{.rank = 2, .alpha = 2.0}.load(*other, folder.path);
  REQUIRE(at::allclose(laws::output(*other, in), laws::output(*unet, in), 1e-4, 1e-5));
}

TEST_CASE("LoRA files of other programs are read", "[adapter][lora]") {
  const TemporaryFolder folder;
  const auto unet = small_unet(), other = small_unet();
  const SmallUNetInputs in(1);
  const LowRankAdapter lora{.rank = 2, .alpha = 2.0};
  laws::disturb(lora.install(*unet));
  lora.save(*unet, folder.path);
  const auto path = folder.path / "pytorch_lora_weights.safetensors";
  const SafeTensors file(path);
  Tensors tensors;
  SECTION("with diffusers' older names") {
    for (const auto& [name, tensor] : file.tensors()) {
      std::string key = name;
      if (const auto at = key.find(".lora_A."); at != key.npos) key.replace(at, 8, ".lora.down.");
      if (const auto at = key.find(".lora_B."); at != key.npos) key.replace(at, 8, ".lora.up.");
      tensors.emplace(key, tensor.clone());
    }
    save_safetensors(path, tensors);
    lora.load(*other, path);
    REQUIRE(at::equal(laws::output(*other, in), laws::output(*unet, in)));
  }
  /// The same weights under other names.  rename(layer, end): of "down_blocks...to_q" and "A" or "B"
  const auto renamed = [&](const auto& rename) {
    Tensors out;
    for (const auto& [name, tensor] : file.tensors()) {
      const auto at = name.find(".lora_");
      out.emplace(rename(name.substr(5, at - 5), name[at + 6] == 'A'), tensor.clone());
    }
    return out;
  };
  const auto same = [&](const std::filesystem::path& of) {
    lora.load(*other, of);
    return at::equal(laws::output(*other, in), laws::output(*unet, in));
  };
  const auto flat = [](std::string layer) {
    std::replace(layer.begin(), layer.end(), '.', '_');
    return layer;
  };
  SECTION("with the names of diffusers' attention processors") {
    for (const std::string prefix : {"unet.", ""}) {
      save_safetensors(path, renamed([&](std::string layer, bool down) {
                         if (layer.ends_with(".0")) layer.resize(layer.size() - 2);  // to_out.0
                         layer.insert(layer.rfind('.'), ".processor");
                         return prefix + layer + (down ? "_lora.down.weight" : "_lora.up.weight");
                       }));
      REQUIRE(same(path));
    }
  }
  SECTION("with PEFT's own names and its config beside the file") {
    auto peft = renamed([](const std::string& layer, bool down) {
      return "base_model.model." + layer + (down ? ".lora_A.weight" : ".lora_B.weight");
    });
    for (auto& [key, tensor] : peft)
      if (key.ends_with("lora_B.weight")) tensor.div_(4);
    std::filesystem::remove(path);
    save_safetensors(folder / "adapter_model.safetensors", peft);
    write_json(folder / "adapter_config.json",
               {{"peft_type", "LORA"}, {"r", 2}, {"lora_alpha", 8}, {"rank_pattern", Json::object()}});
    REQUIRE(same(folder.path));
    write_json(folder / "adapter_config.json", {{"r", 2}, {"lora_alpha", 8}, {"use_dora", true}});
    REQUIRE_THROWS_WITH(lora.load(*other, folder.path), ContainsSubstring("DoRA are not supported"));
  }
  SECTION("with kohya's names, an alpha for each layer, other ranks and layers left out") {
    const auto name = [&](const std::string& layer, bool down) {
      return "lora_unet_" + flat(layer) + (down ? ".lora_down.weight" : ".lora_up.weight");
    };
    Tensors kohya = renamed(name);
    for (auto& [key, tensor] : renamed(name))
      if (key.ends_with(".lora_up.weight")) {
        kohya[key] = tensor / 4;
        kohya[key.substr(0, key.size() - 14) + "alpha"] = torch::tensor(8.0f);  // of rank 2
      }
    save_safetensors(path, kohya);
    REQUIRE(same(path));

    const std::string layer = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q.",
                      left_out = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_k.";
    for (const std::string part : {"lora_down.weight", "lora_up.weight", "alpha"}) kohya.erase(left_out + part);
    kohya[layer + "lora_down.weight"] = kohya[layer + "lora_down.weight"].narrow(0, 0, 1).clone();
    kohya[layer + "lora_up.weight"] = kohya[layer + "lora_up.weight"].narrow(1, 0, 1).clone();
    kohya[layer + "alpha"] = torch::tensor(4.0f);  // of rank 1
    save_safetensors(path, kohya);
    const LoraFile read = read_lora_file(path, *other);
    REQUIRE(read.rank == 2);
    const std::string ours = "unet.mid_block.attentions.0.transformer_blocks.0.attn1.";
    REQUIRE(read.tensors.at(ours + "to_k.lora_B.weight").eq(0).all().item<bool>());
    REQUIRE(
        at::equal(at::mm(read.tensors.at(ours + "to_q.lora_B.weight"), read.tensors.at(ours + "to_q.lora_A.weight")),
                  at::mm(file.tensors().at(ours + "to_q.lora_B.weight").narrow(1, 0, 1),
                         file.tensors().at(ours + "to_q.lora_A.weight").narrow(0, 0, 1))));
    REQUIRE(read_lora_file(path, *other).tensors.size() == file.tensors().size());
  }
  SECTION("but not with anything beside the attention projections, which is named") {
    const auto refused = [&](const std::string& key, const std::string& message, Tensor value = torch::ones({2, 8})) {
      Tensors all = renamed([](const std::string& layer, bool down) {
        return "unet." + layer + (down ? ".lora_A.weight" : ".lora_B.weight");
      });
      all[key] = value;
      save_safetensors(path, all);
      REQUIRE_THROWS_WITH(lora.load(*other, path),
                          ContainsSubstring(path.string() + ": '" + key + "' ") && ContainsSubstring(message));
    };
    refused("text_encoder.text_model.encoder.layers.0.self_attn.q_proj.lora_A.weight", "changes the text encoder");
    refused("lora_te_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight", "changes the text encoder");
    refused("lora_unet_mid_block_attentions_0_transformer_blocks_0_ff_net_2.lora_down.weight",
            "is of no attention projection of this U-Net");
    refused("unet.mid_block.attentions.0.proj_in.lora_A.weight", "is of no attention projection");
    refused("lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q.lora_down.weight",
            "made for this U-Net's layout");
    refused("lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q.hada_w1_a", "LoHa, LoKr and DoRA");
    refused("unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q.lora_down.weight", "comes twice",
            file.tensors().at("unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q.lora_A.weight"));
  }
  SECTION("but not with half a layer, another width, or a NaN") {
    const std::string layer = "unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q.";
    const auto refused = [&](const Tensors& changes, const std::string& message) {
      Tensors all;
      for (const auto& [key, tensor] : file.tensors()) all.emplace(key, tensor.clone());
      for (const auto& [key, tensor] : changes)
        if (tensor.defined()) all[key] = tensor;
        else all.erase(key);
      save_safetensors(path, all);
      REQUIRE_THROWS_WITH(lora.load(*other, path), ContainsSubstring(path.string()) && ContainsSubstring(message));
    };
    refused({{layer + "lora_A.weight", {}}}, "lacks one of its two matrices");
    refused({{layer + "lora_A.weight", torch::ones({2, 5})}}, "was it made for another base model?");
    refused({{layer + "lora_A.weight", torch::full_like(file.tensors().at(layer + "lora_A.weight"), NAN)}},
            "lora_A.weight' holds a NaN");
  }
  SECTION("with alpha in the file's metadata") {
    for (const auto& [key, tensor] : file.tensors())
      tensors.emplace(key, key.ends_with("lora_B.weight") ? tensor / 4 : tensor.clone());
    save_safetensors(path, tensors,
                     {{"format", "pt"},
                      {"lora_adapter_metadata", R"({"unet.r": 2, "unet.lora_alpha": 8, "unet.rank_pattern": {}})"}});
    lora.load(*other, path);
    REQUIRE(at::equal(laws::output(*other, in), laws::output(*unet, in)));
  }
  SECTION("but not with scales of their own for some layers") {
    for (const auto& [key, tensor] : file.tensors()) tensors.emplace(key, tensor.clone());
    save_safetensors(
        path, tensors,
        {{"lora_adapter_metadata", R"({"unet.r": 2, "unet.lora_alpha": 8, "unet.alpha_pattern": {"to_k": 3}})"}});
    REQUIRE_THROWS_WITH(lora.load(*other, path), ContainsSubstring("not supported"));
  }
  SECTION("nor of another rank") {
    REQUIRE_THROWS_WITH((LowRankAdapter{.rank = 3}.load(*other, path)), ContainsSubstring("but this U-Net needs"));
  }
}

TEST_CASE("Lora's first values depend on the seed only", "[adapter][lora]") {
  const auto value = [](std::int64_t seed) {
    return LowRankAdapter{.seed = seed}.install(*small_unet())[0].second.detach().clone();
  };
  REQUIRE(at::equal(value(1), value(1)));
  REQUIRE_FALSE(at::equal(value(1), value(2)));
}

TEST_CASE("Lora refuses ranks that make no sense", "[adapter][lora]") {
  REQUIRE_THROWS_WITH(LowRankAdapter{.rank = 0}.install(*small_unet()), ContainsSubstring("rank = 0"));
  REQUIRE_THROWS_WITH((LowRankAdapter{.rank = 2, .alpha = 0}.install(*small_unet())), ContainsSubstring("alpha = 0"));
  REQUIRE_THROWS_WITH(LowRankAdapter{.rank = 9}.install(*small_unet()),
                      ContainsSubstring("rank 9 is more than the 8 channels"));
  const TemporaryFolder folder;
  REQUIRE_THROWS_WITH(LowRankAdapter{}.save(*small_unet(), folder.path),
                      ContainsSubstring("install or load the adapter first"));
}

TEST_CASE("A LoRA's file is found by the names of diffusers and PEFT", "[adapter][lora]") {
  const TemporaryFolder folder;
  REQUIRE_THROWS_WITH(find_lora_file(folder.path), ContainsSubstring("no LoRA here; looked for pytorch_lora_weights"));
  for (const std::string name : {"adapter_model.bin", "adapter_model.safetensors", "pytorch_lora_weights.bin",
                                 "pytorch_lora_weights.safetensors"}) {
    write_atomically(folder / name, "");
    REQUIRE(find_lora_file(folder.path) == folder / name);
  }
  REQUIRE(find_lora_file(folder / "adapter_model.bin") == folder / "adapter_model.bin");
}
