// adapters_writer PIPELINE OUT: gives the U-Net and the text encoder of a diffusers folder adapters of every kind, as after some
// training, and writes their files and the U-Net's outputs with them. adapters_roundtrip.py reads those with diffusers.
#include <opad/adapter/custom_diffusion.hpp>
#include <opad/adapter/lora.hpp>
#include <opad/adapter/textual_inversion.hpp>
#include <opad/models/clip_text_model.hpp>

#include <iostream>

using namespace opad;

namespace {

void disturb(const NamedTensors& parameters) {
  torch::NoGradGuard no_grad;
  for (const auto& [name, p] : parameters) Tensor(p).add_(Random(5).stream(name).normal(p.sizes()), 0.2);
}

void write(const std::filesystem::path& pipeline, const std::filesystem::path& out) {
  torch::NoGradGuard no_grad;
  auto unet = UNet2DConditionModel::from_pretrained(pipeline / "unet");
  auto stream = Random(7).stream("inputs");
  const std::int64_t side = unet->config.sample_size;
  Tensors io{{"sample", stream.normal({2, unet->config.in_channels, side, side})},
             {"timestep", stream.integers(0, 1000, {2})},
             {"encoder_hidden_states", stream.normal({2, 77, unet->config.cross_attention_dim[0]})}};
  const auto keep = [&](const std::string& name) {
    io["out." + name] = unet->forward(io.at("sample"), io.at("timestep"), io.at("encoder_hidden_states"));
  };
  const auto trained = [&](const auto& adapter, const std::string& name) {
    unet = UNet2DConditionModel::from_pretrained(pipeline / "unet");
    disturb(adapter.install(*unet));
    adapter.save(*unet, out / name);
    keep(name);
    adapter.merge(*unet);
    unet->save_pretrained(out / (name + "-merged"));
  };
  keep("base");
  trained(CustomDiffusion<KeyValue>{}, "kv");
  trained(CustomDiffusion<QueryKeyValueOut>{}, "qkvo");
  trained(LowRankAdapter{.rank = 2, .alpha = 3.0}, "lora");

  auto tokenizer = ClipTokenizer::from_pretrained(pipeline / "tokenizer");
  const auto encoder = CLIPTextModel::from_pretrained(pipeline / "text_encoder");
  const std::int64_t width = encoder->config.hidden_size;
  const TokenRows rows(tokenizer, {{"<new1>", stream.normal({1, width})}, {"<new2>", stream.normal({2, width})}});
  rows.save(out / "embeddings");
  const Tensor ids = tokenizer({rows.expand("a photo of <new1> dog and <new2>")});
  io["ids"] = ids;
  io["last_hidden_state"] = encoder->encode(rows.embed(encoder->token_table(), ids));
  save_safetensors(out / "io.safetensors", io);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: adapters_writer PIPELINE OUT\n";
    return 2;
  }
  try {
    write(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::cerr << "adapters_writer: " << error.what() << "\n";
    return 2;
  }
}
