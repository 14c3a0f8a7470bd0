// Every network forward, and forward and backward, of the mini world and at a quarter of Stable Diffusion's widths.
//   build/release/bin/bench_networks --benchmark_filter=quarter
#include <opad/adapter/custom_diffusion.hpp>
#include <opad/encoder/dino.hpp>
#include <opad/models/autoencoder_kl.hpp>
#include <opad/models/channels_last.hpp>
#include <opad/models/clip_text_model.hpp>
#include <opad/models/clip_vision_model.hpp>
#include <opad/models/unet_2d_condition.hpp>

#include "support/roofline.hpp"

using namespace opad;

namespace {

const std::filesystem::path models = OPAD_MODELS;
enum class Pass { Forward, Both };
enum class Format { Contiguous, ChannelsLast };
const Random numbers(1);

/// A network of random weights.
template <class Network, class Config>
std::shared_ptr<Network> random_network(const Config& config) {
  auto network = std::make_shared<Network>(config);
  fill_random(*network, numbers);
  return network;
}

std::shared_ptr<UNet2DConditionModel> unet(bool quarter) {
  if (!quarter) return UNet2DConditionModel::from_pretrained(models / "student/unet");
  UNet2DConditionConfig config;
  config.block_out_channels = {80, 160, 320, 320};
  config.attention_head_dim = {5, 10, 20, 20};
  config.cross_attention_dim = {256};
  config.norm_num_groups = 16;
  config.use_linear_projection = true;
  return random_network<UNet2DConditionModel>(config);
}
std::shared_ptr<AutoencoderKL> vae(bool quarter) {
  if (!quarter) return AutoencoderKL::from_pretrained(models / "teacher/vae");
  AutoencoderKLConfig config;
  config.block_out_channels = {32, 64, 128, 128};
  config.down_block_types.assign(4, "DownEncoderBlock2D");
  config.up_block_types.assign(4, "UpDecoderBlock2D");
  config.layers_per_block = 2;
  return random_network<AutoencoderKL>(config);
}
std::shared_ptr<CLIPTextModel> text_encoder(bool quarter) {
  if (!quarter) return CLIPTextModel::from_pretrained(models / "teacher/text_encoder");
  CLIPTextConfig config;
  config.hidden_size = 256, config.intermediate_size = 1024, config.num_hidden_layers = 6,
  config.num_attention_heads = 4;
  return random_network<CLIPTextModel>(config);
}
std::shared_ptr<VisionTransformer> dino(bool quarter) {
  if (!quarter) return Dino::load(models / "dino");
  VisionTransformerConfig config;
  config.embed_dim = 96, config.depth = 12, config.num_heads = 6;
  return random_network<VisionTransformer>(config);
}

/// answer(input) of a network, with the gradient of its input or without.
template <class Answer>
void passes(benchmark::State& state, Pass pass, Tensor input, const Answer& answer) {
  input.requires_grad_(pass == Pass::Both);
  const at::AutoGradMode gradient(pass == Pass::Both);
  bench::measure(state, [&] {
    const Tensor out = answer(input);
    if (pass == Pass::Both) benchmark::DoNotOptimize(torch::autograd::grad({out.sum()}, {input})[0].data_ptr());
    else benchmark::DoNotOptimize(out.data_ptr());
  });
}

void unet_passes(benchmark::State& state, bool quarter, Format format, Pass pass) {
  const auto network = unet(quarter);
  if (format == Format::ChannelsLast) store_channels_last(*network);
  const std::int64_t side = state.range(0) / (quarter ? 8 : 4), width = network->config.cross_attention_dim[0];
  const Tensor text = numbers.stream("text").normal({2, 77, width}), timestep = torch::full({2}, 999, torch::kInt64);
  passes(state, pass, numbers.stream("latent").normal({2, network->config.in_channels, side, side}),
         [&](const Tensor& latent) { return network->forward(latent, timestep, text); });
  state.SetComplexityN(state.range(0) * state.range(0));
}
void decoder_passes(benchmark::State& state, bool quarter, Format format, Pass pass) {
  const auto network = vae(quarter);
  if (format == Format::ChannelsLast) store_channels_last(*network);
  const std::int64_t side = state.range(0) / network->downscale();
  passes(state, pass, numbers.stream("latent").normal({2, network->config.latent_channels, side, side}),
         [&](const Tensor& latent) { return network->decode(latent); });
  state.SetComplexityN(state.range(0) * state.range(0));
}
void vae_encoder(benchmark::State& state, bool quarter, Format format) {
  const auto network = vae(quarter);
  if (format == Format::ChannelsLast) store_channels_last(*network);
  const Tensor image = numbers.stream("image").uniform({2, 3, state.range(0), state.range(0)});
  passes(state, Pass::Forward, image, [&](const Tensor& x) { return network->encode(x).mean; });
  state.SetComplexityN(state.range(0) * state.range(0));
}
void dino_passes(benchmark::State& state, bool quarter, Pass pass) {
  const auto network = dino(quarter);
  const std::int64_t side = Dino::resolution(*network);
  passes(state, pass, numbers.stream("image").uniform({state.range(0), 3, side, side}),
         [&](const Tensor& image) { return Dino::features(*network, image); });
  state.SetComplexityN(state.range(0));
}
void text_encoder_passes(benchmark::State& state, bool quarter, Pass pass) {
  const auto network = text_encoder(quarter);
  const auto& config = network->config;
  passes(state, pass,
         numbers.stream("words").normal({state.range(0), config.max_position_embeddings, config.hidden_size}),
         [&](const Tensor& words) { return network->encode(words); });
  state.SetComplexityN(state.range(0));
}

const bool registered = [] {
  for (const bool quarter : {false, true}) {
    const std::string size = quarter ? "/quarter" : "/mini";
    const std::int64_t pixels = quarter ? 64 : 32;
    const auto add = [&](const std::string& name, const std::string& ways, std::int64_t least, std::int64_t most,
                         const auto& run) {
      bench::add(name + size + ways, run, least, most, benchmark::kMillisecond);
    };
    for (const Pass pass : {Pass::Forward, Pass::Both}) {
      const std::string way = pass == Pass::Both ? "/forward-and-backward" : "/forward";
      for (const Format format : {Format::Contiguous, Format::ChannelsLast}) {
        const std::string ways = way + (format == Format::ChannelsLast ? "/channels-last" : "/contiguous");
        add("unet", ways + "/pixels", pixels, 4 * pixels,
            [=](benchmark::State& state) { unet_passes(state, quarter, format, pass); });
        add("vae-decoder", ways + "/pixels", pixels, 4 * pixels,
            [=](benchmark::State& state) { decoder_passes(state, quarter, format, pass); });
        if (pass == Pass::Forward)
          add("vae-encoder", ways + "/pixels", pixels, 4 * pixels,
              [=](benchmark::State& state) { vae_encoder(state, quarter, format); });
      }
      add("dino", way + "/batch", 1, 4, [=](benchmark::State& state) { dino_passes(state, quarter, pass); });
      add("text-encoder", way + "/batch", 1, 4,
          [=](benchmark::State& state) { text_encoder_passes(state, quarter, pass); });
    }
  }
  return true;
}();

}  // namespace
