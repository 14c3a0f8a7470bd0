#pragma once
#include <opad/models/autoencoder_kl_config.hpp>

namespace opad {

OPAD_ONCE AutoencoderKLConfig AutoencoderKLConfig::from_json(const Json& json, const std::string& where) {
  const ConfigReader read(json, where);
  read.only(fixed());
  AutoencoderKLConfig config;
  read("in_channels", config.in_channels);
  read("out_channels", config.out_channels);
  read("down_block_types", config.down_block_types);
  read("up_block_types", config.up_block_types);
  read("block_out_channels", config.block_out_channels);
  read("layers_per_block", config.layers_per_block);
  read("latent_channels", config.latent_channels);
  read("norm_num_groups", config.norm_num_groups);
  read("sample_size", config.sample_size);
  read("scaling_factor", config.scaling_factor);
  read("force_upcast", config.force_upcast);
  read("act_fn", config.act_fn);
  read("use_quant_conv", config.use_quant_conv);
  read("use_post_quant_conv", config.use_post_quant_conv);
  read("mid_block_add_attention", config.mid_block_add_attention);
  config.validate(where);
  return config;
}

OPAD_ONCE Json AutoencoderKLConfig::to_json() const {
  Json json = {{"_class_name", "AutoencoderKL"}, {"_diffusers_version", "0.42.1"}};
  json["in_channels"] = in_channels;
  json["out_channels"] = out_channels;
  json["down_block_types"] = down_block_types;
  json["up_block_types"] = up_block_types;
  json["block_out_channels"] = block_out_channels;
  json["layers_per_block"] = layers_per_block;
  json["latent_channels"] = latent_channels;
  json["norm_num_groups"] = norm_num_groups;
  json["sample_size"] = sample_size;
  json["scaling_factor"] = scaling_factor;
  json["force_upcast"] = force_upcast;
  json["act_fn"] = act_fn;
  json["use_quant_conv"] = use_quant_conv;
  json["use_post_quant_conv"] = use_post_quant_conv;
  json["mid_block_add_attention"] = mid_block_add_attention;
  json.update(fixed());
  return json;
}

OPAD_ONCE void AutoencoderKLConfig::validate(const std::string& where) const {
  require_as_many_levels(where, block_out_channels, down_block_types, up_block_types);
  for (const std::string& type : down_block_types)
    require(type == "DownEncoderBlock2D", where, ": down block '", type, "' is not supported, only DownEncoderBlock2D");
  for (const std::string& type : up_block_types)
    require(type == "UpDecoderBlock2D", where, ": up block '", type, "' is not supported, only UpDecoderBlock2D");
  require(scaling_factor > 0, where, ": scaling_factor = ", scaling_factor, "; give a positive number");
  activation(act_fn, where, "act_fn");
  require_sizes(where, "in_channels", {in_channels});
  require_sizes(where, "out_channels", {out_channels});
  require_sizes(where, "layers_per_block", {layers_per_block});
  require_sizes(where, "latent_channels", {latent_channels});
  require_sizes(where, "norm_num_groups", {norm_num_groups});
  require_sizes(where, "sample_size", {sample_size});
  require_sizes(where, "block_out_channels", block_out_channels);
  for (const std::int64_t channels : block_out_channels)
    require(channels % norm_num_groups == 0, where, ": ", channels,
            " of block_out_channels do not divide into norm_num_groups = ", norm_num_groups);
}

OPAD_ONCE const Json& AutoencoderKLConfig::fixed() {
  static const Json options = {{"shift_factor", nullptr}, {"latents_mean", nullptr}, {"latents_std", nullptr}};
  return options;
}

}  // namespace opad
