#pragma once
#include <opad/core/once.hpp>
#include <opad/models/activation.hpp>
#include <opad/models/config.hpp>

namespace opad {

/// config.json of diffusers' AutoencoderKL; members carry the keys' names and the library's defaults.
struct AutoencoderKLConfig {
  std::int64_t in_channels = 3, out_channels = 3;
  std::vector<std::string> down_block_types{"DownEncoderBlock2D"}, up_block_types{"UpDecoderBlock2D"};
  std::vector<std::int64_t> block_out_channels{64};
  std::int64_t layers_per_block = 1;
  std::int64_t latent_channels = 4;
  std::int64_t norm_num_groups = 32;
  std::int64_t sample_size = 32;    // side of the pictures that the model was trained on
  double scaling_factor = 0.18215;  // latents of the diffusion model = scaling_factor * latents of the autoencoder
  bool force_upcast = true;         // kept, without effect: everything is float32
  std::string act_fn = "silu";
  bool use_quant_conv = true, use_post_quant_conv = true, mid_block_add_attention = true;

  /// where  the file's name, for error messages.
  /// Throws on keys of the wrong type and on options that are not supported.
  static AutoencoderKLConfig from_json(const Json& json, const std::string& where);

  Json to_json() const;

  /// Throws unless the values fit together.
  void validate(const std::string& where) const;

 private:
  static const Json& fixed();
};

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/models/detail/autoencoder_kl_config.hpp>
#endif
