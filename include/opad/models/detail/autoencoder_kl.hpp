#pragma once
#include <opad/models/autoencoder_kl.hpp>

namespace opad {

OPAD_ONCE VaeEncoder::VaeEncoder(const AutoencoderKLConfig& config) {
  const auto& channels = config.block_out_channels;
  conv_in = register_module("conv_in", std::make_shared<Conv2d>(config.in_channels, channels[0], 3, 1, 1));
  down_blocks = register_module("down_blocks", std::make_shared<ModuleList<VaeBlock<Downsample2D>>>());
  for (std::size_t i = 0; i < channels.size(); ++i)
    down_blocks->emplace(channels[i > 0 ? i - 1 : 0], channels[i], config.layers_per_block, config,
                         i + 1 < channels.size());
  mid_block = register_module("mid_block", std::make_shared<VaeMidBlock>(channels.back(), config));
  conv_norm_out =
      register_module("conv_norm_out", std::make_shared<GroupNorm>(config.norm_num_groups, channels.back(), 1e-6));
  conv_out =
      register_module("conv_out", std::make_shared<Conv2d>(channels.back(), 2 * config.latent_channels, 3, 1, 1));
}

OPAD_ONCE VaeDecoder::VaeDecoder(const AutoencoderKLConfig& config) {
  const auto& channels = config.block_out_channels;
  const std::size_t last = channels.size() - 1;
  conv_in = register_module("conv_in", std::make_shared<Conv2d>(config.latent_channels, channels[last], 3, 1, 1));
  mid_block = register_module("mid_block", std::make_shared<VaeMidBlock>(channels[last], config));
  up_blocks = register_module("up_blocks", std::make_shared<ModuleList<VaeBlock<Upsample2D>>>());
  for (std::size_t i = channels.size(); i-- > 0;)
    up_blocks->emplace(channels[std::min(i + 1, last)], channels[i], config.layers_per_block + 1, config, i > 0);
  conv_norm_out =
      register_module("conv_norm_out", std::make_shared<GroupNorm>(config.norm_num_groups, channels[0], 1e-6));
  conv_out = register_module("conv_out", std::make_shared<Conv2d>(channels[0], config.out_channels, 3, 1, 1));
}

OPAD_ONCE AutoencoderKL::AutoencoderKL(const AutoencoderKLConfig& config_) : config(config_) {
  config.validate("AutoencoderKL");
  encoder = register_module("encoder", std::make_shared<VaeEncoder>(config));
  decoder = register_module("decoder", std::make_shared<VaeDecoder>(config));
  const std::int64_t n = config.latent_channels;
  if (config.use_quant_conv) quant_conv = register_module("quant_conv", std::make_shared<Conv2d>(2 * n, 2 * n, 1));
  if (config.use_post_quant_conv)
    post_quant_conv = register_module("post_quant_conv", std::make_shared<Conv2d>(n, n, 1));
}

OPAD_ONCE std::shared_ptr<AutoencoderKL> AutoencoderKL::from_pretrained(const std::filesystem::path& folder) {
  const auto file = folder / "config.json";
  auto model = std::make_shared<AutoencoderKL>(AutoencoderKLConfig::from_json(read_json(file), file.string()));
  load_parameters(*model, with_new_names(read_weights(folder, "diffusion_pytorch_model")), folder.string());
  return model;
}

OPAD_ONCE LatentDistribution AutoencoderKL::encode(const Tensor& image) const {
  require(image.dim() == 4 && image.size(1) == config.in_channels, "AutoencoderKL::encode: the image is ",
          image.sizes(), "; give [B, ", config.in_channels, ", H, W]");
  require(image.size(2) >= downscale() && image.size(3) >= downscale(), "AutoencoderKL::encode: ", image.size(2), " x ",
          image.size(3), " pixels are less than one latent of ", downscale(), " x ", downscale());
  Tensor moments = encoder->forward(image);
  if (quant_conv) moments = quant_conv->forward(moments);
  const auto halves = moments.chunk(2, 1);
  return {halves[0], halves[1].clamp(-30, 20)};
}

OPAD_ONCE Tensor AutoencoderKL::decode(const Tensor& latent) const {
  require(latent.dim() == 4 && latent.size(1) == config.latent_channels, "AutoencoderKL::decode: the latent is ",
          latent.sizes(), "; give [B, ", config.latent_channels, ", h, w]");
  return decoder->forward(post_quant_conv ? post_quant_conv->forward(latent) : latent, gradient_checkpointing);
}

}  // namespace opad
