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
  REQUIRE_THROWS_WITH(LowRankAdapter{.rank = 0}.install(*small_unet()), ContainsSubstring("rank 0"));
  REQUIRE_THROWS_WITH((LowRankAdapter{.rank = 2, .alpha = 0}.install(*small_unet())), ContainsSubstring("alpha 0"));
  REQUIRE_THROWS_WITH(LowRankAdapter{.rank = 9}.install(*small_unet()),
                      ContainsSubstring("rank 9 is more than the 8 channels"));
  const TemporaryFolder folder;
  REQUIRE_THROWS_WITH(LowRankAdapter{}.save(*small_unet(), folder.path),
                      ContainsSubstring("install or load the adapter first"));
}
