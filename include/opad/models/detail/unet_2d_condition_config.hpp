#pragma once
#include <opad/models/unet_2d_condition_config.hpp>

namespace opad {

OPAD_ONCE const Json& UNet2DConditionConfig::fixed() {
  static const Json options = {
      {"addition_embed_type", nullptr},      {"addition_embed_type_num_heads", 64},
      {"addition_time_embed_dim", nullptr},  {"attention_type", "default"},
      {"class_embed_type", nullptr},         {"class_embeddings_concat", false},
      {"cross_attention_norm", nullptr},     {"dropout", 0.0},
      {"dual_cross_attention", false},       {"encoder_hid_dim", nullptr},
      {"encoder_hid_dim_type", nullptr},     {"mid_block_only_cross_attention", nullptr},
      {"num_class_embeds", nullptr},         {"projection_class_embeddings_input_dim", nullptr},
      {"resnet_out_scale_factor", 1.0},      {"resnet_skip_time_act", false},
      {"time_cond_proj_dim", nullptr},       {"time_embedding_act_fn", nullptr},
      {"time_embedding_type", "positional"}, {"timestep_post_act", nullptr}};
  return options;
}

OPAD_ONCE UNet2DConditionConfig UNet2DConditionConfig::from_json(const Json& json, const std::string& where) {
  const ConfigReader read(json, where);
  read.only(fixed());
  UNet2DConditionConfig config;
  read("sample_size", config.sample_size);
  read("in_channels", config.in_channels);
  read("out_channels", config.out_channels);
  read("flip_sin_to_cos", config.flip_sin_to_cos);
  read("freq_shift", config.freq_shift);
  read("down_block_types", config.down_block_types);
  read("up_block_types", config.up_block_types);
  read("block_out_channels", config.block_out_channels);
  const std::size_t levels = config.block_out_channels.size();
  read.per_level("layers_per_block", config.layers_per_block, levels);
  read.per_level("transformer_layers_per_block", config.transformer_layers_per_block, levels);
  read.per_level("attention_head_dim", config.attention_head_dim, levels);
  read.per_level("num_attention_heads", config.attention_head_dim, levels);
  read.per_level("cross_attention_dim", config.cross_attention_dim, levels);
  read("downsample_padding", config.downsample_padding);
  require(!read.null("norm_num_groups"), where, ": norm_num_groups = null, a U-Net without norms, is not supported");
  read("norm_num_groups", config.norm_num_groups);
  read("norm_eps", config.norm_eps);
  read("use_linear_projection", config.use_linear_projection);
  read("upcast_attention", config.upcast_attention);
  read("act_fn", config.act_fn);
  if (read.null("mid_block_type")) config.mid_block_type.clear();
  else read("mid_block_type", config.mid_block_type);
  read("mid_block_scale_factor", config.mid_block_scale_factor);
  read("resnet_time_scale_shift", config.resnet_time_scale_shift);
  read.per_level("only_cross_attention", config.only_cross_attention, levels);
  read("reverse_transformer_layers_per_block", config.reverse_transformer_layers_per_block);
  read("time_embedding_dim", config.time_embedding_dim);
  read("conv_in_kernel", config.conv_in_kernel);
  read("conv_out_kernel", config.conv_out_kernel);
  read("center_input_sample", config.center_input_sample);
  config.validate(where);
  return config;
}

OPAD_ONCE void UNet2DConditionConfig::validate(const std::string& where) const {
  const std::size_t levels = block_out_channels.size();
  require_as_many_levels(where, block_out_channels, down_block_types, up_block_types);
  for (const std::string& type : down_block_types)
    require(type == "DownBlock2D" || type == "CrossAttnDownBlock2D", where, ": down block '", type,
            "' is not supported, only DownBlock2D "
            "and CrossAttnDownBlock2D");
  for (const std::string& type : up_block_types)
    require(type == "UpBlock2D" || type == "CrossAttnUpBlock2D", where, ": up block '", type,
            "' is not supported, only UpBlock2D and "
            "CrossAttnUpBlock2D");
  require(downsample_padding == 0 || downsample_padding == 1, where, ": downsample_padding = ", downsample_padding,
          "; give 0 or 1");
  require(norm_eps > 0, where, ": norm_eps = ", norm_eps, "; give a positive number");
  require(freq_shift == 0 || freq_shift == 1, where, ": freq_shift = ", freq_shift, "; give 0 or 1");
  activation(act_fn, where, "act_fn");
  require(mid_block_type.empty() || mid_block_type == "UNetMidBlock2DCrossAttn" || mid_block_type == "UNetMidBlock2D",
          where, ": mid_block_type = \"", mid_block_type,
          "\" is not supported; it can be UNetMidBlock2DCrossAttn, UNetMidBlock2D or null");
  require(mid_block_scale_factor > 0, where, ": mid_block_scale_factor = ", mid_block_scale_factor,
          "; give a positive number");
  require(resnet_time_scale_shift == "default" || resnet_time_scale_shift == "scale_shift", where,
          ": resnet_time_scale_shift = \"", resnet_time_scale_shift,
          "\" is not supported; it can be default or scale_shift");
  require(only_cross_attention.size() == 1 || only_cross_attention.size() == levels, where,
          ": only_cross_attention lists ", only_cross_attention.size(), " values for ", levels, " levels");
  for (const auto& [key, kernel] : {std::pair{"conv_in_kernel", conv_in_kernel}, {"conv_out_kernel", conv_out_kernel}})
    require(kernel > 0 && kernel % 2 == 1 && kernel < 100, where, ": ", key, " = ", kernel,
            "; give an odd number below 100");
  if (time_embedding_dim != 0) require_sizes(where, "time_embedding_dim", {time_embedding_dim});
  if (!reverse_transformer_layers_per_block.empty()) {
    require(reverse_transformer_layers_per_block.size() == levels, where,
            ": reverse_transformer_layers_per_block lists ", reverse_transformer_layers_per_block.size(),
            " values for ", levels, " levels");
    require_sizes(where, "reverse_transformer_layers_per_block", reverse_transformer_layers_per_block);
  }
  require(sample_size >= 0, where, ": sample_size = ", sample_size, "; give the side of the latents, or null");
  require_sizes(where, "in_channels", {in_channels});
  require_sizes(where, "out_channels", {out_channels});
  require_sizes(where, "norm_num_groups", {norm_num_groups});
  require_sizes(where, "block_out_channels", block_out_channels);
  require_sizes(where, "layers_per_block", layers_per_block, levels);
  require_sizes(where, "transformer_layers_per_block", transformer_layers_per_block, levels);
  require_sizes(where, "attention_head_dim", attention_head_dim, levels);
  require_sizes(where, "cross_attention_dim", cross_attention_dim, levels);
  require(block_out_channels[0] >= 2 + 2 * freq_shift, where, ": block_out_channels starts with ",
          block_out_channels[0], ", too few for a time embedding");
  for (std::size_t i = 0; i < levels; ++i) {
    require(block_out_channels[i] % norm_num_groups == 0, where, ": ", block_out_channels[i],
            " of block_out_channels do not divide into "
            "norm_num_groups = ",
            norm_num_groups);
    require(at_level(attention_head_dim, i) <= block_out_channels[i], where, ": ", at_level(attention_head_dim, i),
            " heads "
            "(attention_head_dim) for ",
            block_out_channels[i], " channels");
  }
}

OPAD_ONCE Json UNet2DConditionConfig::to_json() const {
  Json json = {{"_class_name", "UNet2DConditionModel"}, {"_diffusers_version", "0.42.1"}};
  json["sample_size"] = sample_size > 0 ? Json(sample_size) : Json(nullptr);
  json["in_channels"] = in_channels;
  json["out_channels"] = out_channels;
  json["flip_sin_to_cos"] = flip_sin_to_cos;
  json["freq_shift"] = freq_shift;
  json["down_block_types"] = down_block_types;
  json["up_block_types"] = up_block_types;
  json["block_out_channels"] = block_out_channels;
  json["layers_per_block"] = per_level_json(layers_per_block);
  json["transformer_layers_per_block"] = per_level_json(transformer_layers_per_block);
  json["attention_head_dim"] = per_level_json(attention_head_dim);
  json["num_attention_heads"] = nullptr;
  json["cross_attention_dim"] = per_level_json(cross_attention_dim);
  json["downsample_padding"] = downsample_padding;
  json["norm_num_groups"] = norm_num_groups;
  json["norm_eps"] = norm_eps;
  json["use_linear_projection"] = use_linear_projection;
  json["upcast_attention"] = upcast_attention;
  const auto or_null = [](bool there, const Json& value) { return there ? value : Json(nullptr); };
  json["act_fn"] = act_fn;
  json["mid_block_type"] = or_null(!mid_block_type.empty(), mid_block_type);
  json["mid_block_scale_factor"] = mid_block_scale_factor;
  json["resnet_time_scale_shift"] = resnet_time_scale_shift;
  json["only_cross_attention"] = per_level_json(only_cross_attention);
  json["reverse_transformer_layers_per_block"] =
      or_null(!reverse_transformer_layers_per_block.empty(), reverse_transformer_layers_per_block);
  json["time_embedding_dim"] = or_null(time_embedding_dim > 0, time_embedding_dim);
  json["conv_in_kernel"] = conv_in_kernel;
  json["conv_out_kernel"] = conv_out_kernel;
  json["center_input_sample"] = center_input_sample;
  json.update(fixed());
  return json;
}

}  // namespace opad
