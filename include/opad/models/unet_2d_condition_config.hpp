#pragma once
#include <opad/core/once.hpp>
#include <opad/models/activation.hpp>
#include <opad/models/config.hpp>

namespace opad {

/// config.json of diffusers' UNet2DConditionModel, as far as Stable Diffusion 1.x, 2.x and SD-Turbo go. Members carry
/// the keys' names and the library's defaults; lists hold one value for all levels or one for each.
struct UNet2DConditionConfig {
  std::int64_t sample_size = 0;  // side of the latents that the model was trained on; 0 where the file does not say
  std::int64_t in_channels = 4, out_channels = 4;
  bool flip_sin_to_cos = true;  // time embedding: cosines first
  std::int64_t freq_shift = 0;
  std::vector<std::string> down_block_types{"CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D",
                                            "DownBlock2D"};
  std::vector<std::string> up_block_types{"UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D",
                                          "CrossAttnUpBlock2D"};
  std::vector<std::int64_t> block_out_channels{320, 640, 1280, 1280};
  std::vector<std::int64_t> layers_per_block{2}, transformer_layers_per_block{1};
  std::vector<std::int64_t> attention_head_dim{8};  // the number of heads, in spite of its name
  std::vector<std::int64_t> cross_attention_dim{1280};
  std::int64_t downsample_padding = 1;
  std::int64_t norm_num_groups = 32;
  double norm_eps = 1e-5;
  bool use_linear_projection = false;
  std::string act_fn = "silu";
  std::string mid_block_type = "UNetMidBlock2DCrossAttn";  // or UNetMidBlock2D, or none: "", null in the file
  double mid_block_scale_factor = 1;                       // the middle resnets' sums are divided by it
  std::string resnet_time_scale_shift = "default";         // or "scale_shift": see ResnetOptions
  std::vector<bool> only_cross_attention{false};
  std::vector<std::int64_t>
      reverse_transformer_layers_per_block;  // of the up blocks, from the deepest; empty: as going down
  std::int64_t time_embedding_dim = 0;       // 0: four times the first of block_out_channels
  std::int64_t conv_in_kernel = 3, conv_out_kernel = 3;
  bool center_input_sample = false;  // takes 2 sample - 1
  bool upcast_attention = false;     // kept, without effect: the fused attention already accumulates in float32

  /// where  the file's name, for error messages.
  /// Throws on keys of the wrong type and on options that are not supported.
  static UNet2DConditionConfig from_json(const Json& json, const std::string& where);
  Json to_json() const;
  /// Throws unless the values fit together.
  void validate(const std::string& where) const;

 private:
  /// Options that are left at the library's defaults by every model of the family.
  static const Json& fixed();
};

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/models/detail/unet_2d_condition_config.hpp>
#endif
