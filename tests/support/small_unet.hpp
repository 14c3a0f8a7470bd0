#pragma once
#include <opad/models/unet_2d_condition.hpp>

/// A U-Net of the real layout that runs in milliseconds: two levels, text of width 12.
inline opad::UNet2DConditionConfig small_unet_config() {
  opad::UNet2DConditionConfig config;
  config.block_out_channels = {8, 16};
  config.down_block_types = {"CrossAttnDownBlock2D", "DownBlock2D"};
  config.up_block_types = {"UpBlock2D", "CrossAttnUpBlock2D"};
  config.layers_per_block = {1};
  config.attention_head_dim = {2};
  config.cross_attention_dim = {12};
  config.norm_num_groups = 4;
  return config;
}

inline std::shared_ptr<opad::UNet2DConditionModel> small_unet(std::uint64_t seed = 1) {
  auto unet = std::make_shared<opad::UNet2DConditionModel>(small_unet_config());
  opad::fill_random(*unet, opad::Random(seed));
  return unet;
}

/// Inputs for it, from one stream.
struct SmallUNetInputs {
  explicit SmallUNetInputs(std::int64_t batch, std::int64_t height = 8, std::int64_t width = 8) {
    auto stream = opad::Random(7).stream("inputs");
    sample = stream.normal({batch, 4, height, width});
    timestep = stream.integers(0, 1000, {batch});
    text = stream.normal({batch, 5, 12});
  }
  opad::Tensor sample, timestep, text;
};
