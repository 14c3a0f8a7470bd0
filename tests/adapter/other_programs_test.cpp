// What other programs' files do to a model, and what opad writes for them.
#include <opad/adapter/add_lora.hpp>
#include <opad/adapter/custom_diffusion.hpp>
#include <opad/adapter/lora.hpp>
#include <opad/adapter/lora_form.hpp>
#include <opad/models/single_file.hpp>

#include "laws/adapter.hpp"

using namespace opad;

namespace {

CLIPTextModel small_text() {
  CLIPTextConfig config;
  config.vocab_size = 40, config.hidden_size = 12, config.intermediate_size = 24, config.num_hidden_layers = 2;
  config.num_attention_heads = 2, config.hidden_act = "gelu";
  CLIPTextModel text(config);
  fill_random(text, Random(3));
  return text;
}

std::string flat(std::string name) {
  std::ranges::replace(name, '.', '_');
  return name;
}

/// The change of a layer that both matrices of a kohya file make.
void put(Tensors& file, const std::string& layer, const Tensor& weight, double alpha, std::int64_t rank = 2) {
  auto stream = Random(9).stream(layer);
  Shape down = weight.sizes().vec();
  down[0] = rank;
  file[layer + ".lora_down.weight"] = stream.normal(down) * 0.1;
  file[layer + ".lora_up.weight"] =
      stream.normal(weight.dim() == 4 ? Shape{weight.size(0), rank, 1, 1} : Shape{weight.size(0), rank}) * 0.1;
  file[layer + ".alpha"] = torch::tensor(static_cast<float>(alpha));
}

Tensor change_of(const Tensors& file, const std::string& layer, const Tensor& weight) {
  const Tensor &down = file.at(layer + ".lora_down.weight"), &up = file.at(layer + ".lora_up.weight");
  return (at::mm(up.flatten(1), down.flatten(1)) * (file.at(layer + ".alpha").item<double>() / 2))
      .reshape(weight.sizes());
}

}  // namespace

TEST_CASE("A LoRA of kohya's form changes every layer that it names, in U-Net and text encoder", "[adapter][lora]") {
  const TemporaryFolder folder;
  const auto unet = small_unet();
  CLIPTextModel text = small_text();
  const Tensors unet_before = parameters_of(*small_unet()), text_before = parameters_of(small_text());
  const std::vector<std::string> in_unet{"down_blocks.0.attentions.0.transformer_blocks.0.ff.net.0.proj",
                                         "down_blocks.0.attentions.0.proj_in",
                                         "mid_block.resnets.1.conv2",
                                         "up_blocks.1.resnets.0.conv_shortcut",
                                         "down_blocks.0.resnets.0.time_emb_proj",
                                         "down_blocks.0.downsamplers.0.conv",
                                         "mid_block.attentions.0.transformer_blocks.0.attn2.to_out.0"},
      in_text{"text_model.encoder.layers.1.self_attn.q_proj", "text_model.encoder.layers.0.mlp.fc2"};
  Tensors file;
  for (const auto& layer : in_unet) put(file, "lora_unet_" + flat(layer), unet_before.at(layer + ".weight"), 3);
  for (const auto& layer : in_text) put(file, "lora_te_" + flat(layer), text_before.at(layer + ".weight"), 1);
  const auto path = folder / "kohya.safetensors";
  save_safetensors(path, file);
  add_lora(*unet, text, {path, 0.5});
  add_lora(*unet, text, {path, -0.2});

  std::set<std::string> changed;
  for (const auto& [models, layers, prefix] :
       {std::tuple{std::pair{unet_before, parameters_of(*unet)}, in_unet, "lora_unet_"},
        {std::pair{text_before, parameters_of(text)}, in_text, "lora_te_"}}) {
    for (const auto& [name, before] : models.first) {
      const Tensor& after = models.second.at(name);
      const auto layer = std::ranges::find_if(layers, [&](const auto& l) { return name == l + ".weight"; });
      INFO(name);
      if (layer == layers.end()) REQUIRE(at::equal(after, before));
      else REQUIRE(at::allclose(after - before, 0.3 * change_of(file, prefix + flat(*layer), before), 1e-4, 1e-6));
    }
  }
}

TEST_CASE("A LoRA's layers may have the names of Stable Diffusion's own code, of old and new diffusers",
          "[adapter][lora]") {
  const TemporaryFolder folder;
  const auto path = folder / "x.safetensors";
  const auto unet = small_unet();
  CLIPTextModel text = small_text();
  const std::string q = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q",
                    tq = "text_model.encoder.layers.1.self_attn.q_proj";
  Tensors file;
  put(file, "u", parameters_of(*unet).at(q + ".weight"), 2);
  put(file, "t", parameters_of(text).at(tq + ".weight"), 2);
  const auto weights = [&](const Tensors& tensors) {
    const auto u = small_unet();
    CLIPTextModel t = small_text();
    save_safetensors(path, tensors);
    add_lora(*u, t, {path, 1});
    return at::cat({parameters_of(*u).at(q + ".weight").flatten(), parameters_of(t).at(tq + ".weight").flatten()});
  };
  const auto named = [&](const std::string& u, const std::string& t, const std::string& down, const std::string& up,
                         const std::string& text_down = {}, const std::string& text_up = {}) {
    return weights({{u + down, file.at("u.lora_down.weight")},
                    {u + up, file.at("u.lora_up.weight")},
                    {t + (text_down.empty() ? down : text_down), file.at("t.lora_down.weight")},
                    {t + (text_up.empty() ? up : text_up), file.at("t.lora_up.weight")}});
  };
  const Tensor want = named("lora_unet_" + flat(q), "lora_te_" + flat(tq), ".lora_down.weight", ".lora_up.weight"),
               plain = at::cat({parameters_of(*unet).at(q + ".weight").flatten(),
                                parameters_of(text).at(tq + ".weight").flatten()});
  REQUIRE((want - plain).abs().max().item<double>() > 0.01);
  const std::string short_tq = tq.substr(11);  // as transformers 5 has it
  REQUIRE(at::equal(want, named("lora_unet_middle_block_1_transformer_blocks_0_attn1_to_q", "lora_te1_" + flat(tq),
                                ".lora_down.weight", ".lora_up.weight")));
  REQUIRE(at::equal(want, named("unet." + q, "text_encoder." + tq, ".lora_A.weight", ".lora_B.weight")));
  REQUIRE(at::equal(want, named("unet." + q, "text_encoder." + short_tq, ".lora_A.weight", ".lora_B.weight")));
  REQUIRE(at::equal(want, named("unet." + q, "text_encoder." + tq, ".lora.down.weight", ".lora.up.weight",
                                ".lora_linear_layer.down.weight", ".lora_linear_layer.up.weight")));
  REQUIRE(at::equal(
      want, named("unet.mid_block.attentions.0.transformer_blocks.0.attn1.processor.to_q",
                  "text_encoder.text_model.encoder.layers.1.self_attn.to_q", "_lora.down.weight", "_lora.up.weight")));
  REQUIRE(
      at::equal(want, named("base_model.model." + q, "base_model.model." + tq, ".lora_A.weight", ".lora_B.weight")));
}

TEST_CASE("A LoRA file that does not fit changes nothing and says which layer", "[adapter][lora]") {
  const TemporaryFolder folder;
  const auto path = folder / "x.safetensors";
  const auto unet = small_unet();
  CLIPTextModel text = small_text();
  const std::string good = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q",
                    q = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q.weight";
  const auto refused = [&](const std::string& key, const Tensor& value, const std::string& message) {
    Tensors file;
    put(file, good, parameters_of(*unet).at(q), 2);
    if (value.defined()) file[key] = value;
    else file.erase(key);
    save_safetensors(path, file);
    INFO(key);
    REQUIRE_THROWS_WITH(add_lora(*unet, text, {path, 1}),
                        ContainsSubstring(path.string()) && ContainsSubstring(message));
    REQUIRE(at::equal(parameters_of(*unet).at(q), parameters_of(*small_unet()).at(q)));
  };
  const Tensor two = torch::ones({2, 16});
  refused("lora_unet_down_blocks_7_attentions_0_proj_in.lora_down.weight", two, "is of no layer of this U-Net");
  refused("lora_te_text_model_encoder_layers_9_mlp_fc1.lora_down.weight", two, "is of no layer of this text encoder");
  refused("lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight", two, "Stable Diffusion XL");
  refused(good + ".lora_up.weight", {}, "lacks one of its two matrices");
  refused(good + ".lora_up.weight", torch::ones({16, 3}), "have the ranks 2 and 3");
  refused(good + ".lora_down.weight", torch::ones({2, 17}), "made for another base model?");
  refused(good + ".lora_down.weight", torch::ones({2}), "no matrix");
  refused(good + ".dora_scale", torch::ones({16}), "LoHa, LoKr and DoRA");
  refused("lora_unet_middle_block_1_transformer_blocks_0_attn1_to_q.lora_down.weight", two, "lacks one");
  REQUIRE_THROWS_WITH(add_lora(*unet, text, {folder.path / "none.safetensors", 1}), ContainsSubstring("no such"));
}

TEST_CASE("A trained LoRA goes out in PEFT's and in kohya's form, exactly", "[adapter][lora][export]") {
  const TemporaryFolder folder;
  const SmallUNetInputs in(2);
  const auto unet = small_unet();
  CLIPTextModel text = small_text();
  laws::disturb(LowRankAdapter{.rank = 2, .alpha = 6.0}.install(*unet));
  const auto form = installed_lora(*unet);
  REQUIRE(form);
  REQUIRE(form->rank == 2);
  for (const Tensors& tensors : {form->peft(), form->kohya()}) {
    save_safetensors(folder / "lora.safetensors", tensors);
    const auto other = small_unet();
    add_lora(*other, text, {folder / "lora.safetensors", 1});
    REQUIRE(laws::distance(laws::output(*other, in), laws::output(*unet, in)) < 1e-5);
    REQUIRE(laws::distance(laws::output(*small_unet(), in), laws::output(*unet, in)) > 1e-3);
    const auto installed = small_unet();
    LowRankAdapter{.rank = 2, .alpha = 2.0}.load(*installed, folder / "lora.safetensors");
    REQUIRE(laws::distance(laws::output(*installed, in), laws::output(*unet, in)) < 1e-5);
  }
  REQUIRE_FALSE(installed_lora(*small_unet()));
}

TEST_CASE("Other adapters go out as the nearest LoRA, and its error is the one that is said",
          "[adapter][lora][export]") {
  const TemporaryFolder folder;
  const auto trained = small_unet(), base = small_unet();
  CLIPTextModel text = small_text();
  laws::disturb(CustomDiffusion<QueryKeyValueOut>{}.install(*trained));
  merge_adapter(*trained);
  for (const auto& [name, p] : trained->named_parameters().pairs())  // and a convolution
    if (name == "mid_block.resnets.0.conv1.weight") laws::disturb({{name, p}});
  const Tensors before = parameters_of(*base), after = parameters_of(*trained);

  double last = 1;
  for (const std::int64_t rank : {1, 4, 144}) {
    const LoraForm form = nearest_lora(before, after, rank);
    const auto other = small_unet();
    save_safetensors(folder / "lora.safetensors", form.kohya());
    add_lora(*other, text, {folder / "lora.safetensors", 1});
    double whole = 0, lost = 0;
    for (const auto& [name, got] : parameters_of(*other)) {
      whole += (after.at(name) - before.at(name)).square().sum().item<double>();
      lost += (after.at(name) - got).square().sum().item<double>();
    }
    REQUIRE(form.error == Approx(std::sqrt(lost / whole)).epsilon(1e-3));
    REQUIRE(form.error < last);
    last = form.error;
    REQUIRE(form.left_out.size() == 4);  // the outputs' biases
    REQUIRE(form.down.at("mid_block.resnets.0.conv1").sizes() == at::IntArrayRef({rank, 16, 3, 3}));
    if (rank == 144) REQUIRE(form.worst_error < 1e-6);  // then only the biases are missing
  }
  REQUIRE_THROWS_WITH(nearest_lora(before, after, 0), ContainsSubstring("rank 0"));
}

TEST_CASE("A LoRA of full rank in the place of Custom Diffusion makes the same output", "[adapter][lora][export]") {
  const TemporaryFolder folder;
  const SmallUNetInputs in(2);
  const auto trained = small_unet(), other = small_unet();
  CLIPTextModel text = small_text();
  laws::disturb(CustomDiffusion<KeyValue>{}.install(*trained));
  const Tensor want = laws::output(*trained, in);
  merge_adapter(*trained);
  const LoraForm form = nearest_lora(parameters_of(*small_unet()), parameters_of(*trained), 12);
  REQUIRE(form.error < 1e-6);
  save_safetensors(folder / "pytorch_lora_weights.safetensors", form.peft());
  add_lora(*other, text, {folder.path, 1});
  REQUIRE(laws::distance(laws::output(*other, in), want) < 1e-5);
}

TEST_CASE("A LoRA lies on top of an installed adapter", "[adapter][lora]") {
  const TemporaryFolder folder;
  const SmallUNetInputs in(1);
  CLIPTextModel text = small_text();
  const auto with = small_unet(), without = small_unet();
  laws::disturb(CustomDiffusion<KeyValue>{}.install(*with));
  laws::disturb(CustomDiffusion<KeyValue>{}.install(*without));
  const std::string layer = "mid_block.attentions.0.transformer_blocks.0.attn2.to_k";
  Tensors file;
  put(file, "lora_unet_" + flat(layer), parameters_of(*small_unet()).at(layer + ".weight"), 2);
  save_safetensors(folder / "x.safetensors", file);
  add_lora(*with, text, {folder / "x.safetensors", 0});
  REQUIRE(laws::distance(laws::output(*with, in), laws::output(*without, in)) < 1e-5);
  add_lora(*with, text, {folder / "x.safetensors", 2});
  REQUIRE(laws::distance(laws::output(*with, in), laws::output(*without, in)) > 1e-4);
}

TEST_CASE("A single file names every weight once, as Stable Diffusion's own code does", "[models][export]") {
  const auto unet = small_unet();
  AutoencoderKLConfig config;
  config.block_out_channels = {8, 16}, config.norm_num_groups = 4;
  config.down_block_types = {"DownEncoderBlock2D", "DownEncoderBlock2D"};
  config.up_block_types = {"UpDecoderBlock2D", "UpDecoderBlock2D"};
  AutoencoderKL vae(config);
  fill_random(vae, Random(2));
  CLIPTextModel text = small_text();
  const Tensors all = single_file_weights(*unet, vae, text);
  // of the text encoder three matrices and three biases become one each in each of two layers
  REQUIRE(all.size() == parameters_of(*unet).size() + parameters_of(vae).size() + parameters_of(text).size() - 2 * 4);
  for (const std::string name : {"model.diffusion_model.input_blocks.0.0.weight",
                                 "model.diffusion_model.time_embed.2.bias",
                                 "model.diffusion_model.input_blocks.1.0.in_layers.2.weight",
                                 "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight",
                                 "model.diffusion_model.input_blocks.2.0.op.weight",
                                 "model.diffusion_model.input_blocks.3.0.skip_connection.weight",
                                 "model.diffusion_model.middle_block.1.proj_in.weight",
                                 "model.diffusion_model.middle_block.2.out_layers.3.bias",
                                 "model.diffusion_model.output_blocks.1.1.conv.weight",
                                 "model.diffusion_model.output_blocks.2.1.norm.weight",
                                 "model.diffusion_model.output_blocks.3.0.emb_layers.1.weight",
                                 "model.diffusion_model.out.2.weight",
                                 "first_stage_model.encoder.down.0.downsample.conv.weight",
                                 "first_stage_model.encoder.mid.attn_1.norm.weight",
                                 "first_stage_model.decoder.up.1.upsample.conv.weight",
                                 "first_stage_model.decoder.up.0.block.0.nin_shortcut.weight",
                                 "first_stage_model.decoder.norm_out.weight",
                                 "first_stage_model.post_quant_conv.bias",
                                 "cond_stage_model.model.transformer.resblocks.1.attn.in_proj_weight",
                                 "cond_stage_model.model.transformer.resblocks.0.mlp.c_proj.bias",
                                 "cond_stage_model.model.positional_embedding",
                                 "cond_stage_model.model.ln_final.weight",
                                 "cond_stage_model.model.token_embedding.weight"}) {
    INFO(name);
    REQUIRE(all.contains(name));
  }
  REQUIRE(all.at("first_stage_model.encoder.mid.attn_1.q.weight").sizes() == at::IntArrayRef({16, 16, 1, 1}));
  text.config.hidden_act = "quick_gelu";
  REQUIRE(single_file_weights(*unet, vae, text)
              .contains("cond_stage_model.transformer.text_model.encoder.layers.0.self_attn.q_proj.weight"));
}
