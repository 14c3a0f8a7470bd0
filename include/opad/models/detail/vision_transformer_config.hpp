#pragma once
#include <opad/models/vision_transformer_config.hpp>

namespace opad {

OPAD_ONCE Json timm_arguments(const std::string& architecture, const std::string& where) {
  const std::string name = architecture.substr(0, architecture.find('.'));
  struct Size {
    const char* name;
    std::int64_t embed_dim, depth, num_heads;
  };
  for (const Size& size :
       {Size{"tiny", 192, 12, 3}, {"small", 384, 12, 6}, {"base", 768, 12, 12}, {"large", 1024, 24, 16}}) {
    const std::string stem = c10::str("vit_", size.name, "_patch");
    Json arguments = {{"embed_dim", size.embed_dim}, {"depth", size.depth}, {"num_heads", size.num_heads}};
    for (const std::int64_t patch : {8, 16})
      if (name == c10::str(stem, patch, "_224")) {
        arguments.update({{"img_size", 224}, {"patch_size", patch}});
        return arguments;
      }
    arguments.update({{"img_size", 518}, {"patch_size", 14}, {"init_values", 1e-5}});
    if (name == stem + "14_dinov2") return arguments;
    arguments.update({{"reg_tokens", 4}, {"no_embed_class", true}});
    if (name == stem + "14_reg4_dinov2") return arguments;
  }
  fail(where, ": the architecture '", architecture,
       "' is not known; known are vit_{tiny,small,base,large} with _patch{8,16}_224, _patch14_dinov2 "
       "or _patch14_reg4_dinov2. Or write VisionTransformer's keyword arguments (embed_dim, depth, ...) into the file");
}

OPAD_ONCE VisionTransformerConfig VisionTransformerConfig::from_json(const Json& json, const std::string& where) {
  if (json.is_object() && json.contains("architecture")) return from_json(arguments_of(json, where), where);
  VisionTransformerConfig c;
  const ConfigReader read(json, where);
  if (json.contains("model_type"))  // transformers' form, with other names for everything
    fail(where, ": is a model of transformers (model_type ", brief(json.at("model_type")),
         "); give timm's folder of the same network");
  std::vector<std::int64_t> size = {c.img_size[0]};
  read.per_level("img_size", size, 2);
  c.img_size = {size.front(), size.back()};
  for (const auto& [key, value] : {std::pair{"patch_size", &c.patch_size},
                                   {"in_chans", &c.in_chans},
                                   {"embed_dim", &c.embed_dim},
                                   {"depth", &c.depth},
                                   {"num_heads", &c.num_heads},
                                   {"reg_tokens", &c.reg_tokens}})
    read(key, *value);
  read("mlp_ratio", c.mlp_ratio);
  if (json.contains("init_values")) read("init_values", c.init_values.emplace());
  if (c.init_values == 0.0) c.init_values.reset();  // as the library takes it
  for (const auto& [key, value] : {std::pair{"qkv_bias", &c.qkv_bias},
                                   {"proj_bias", &c.proj_bias},
                                   {"class_token", &c.class_token},
                                   {"no_embed_class", &c.no_embed_class},
                                   {"pre_norm", &c.pre_norm},
                                   {"final_norm", &c.final_norm},
                                   {"pool_include_prefix", &c.pool_include_prefix},
                                   {"qk_norm", &c.qk_norm},
                                   {"dynamic_img_size", &c.dynamic_img_size}})
    read(key, *value);
  read("global_pool", c.global_pool);
  c.fc_norm = c.global_pool != "token" && !c.global_pool.empty();
  read("fc_norm", c.fc_norm);
  read("act_layer", c.act_layer);
  read("pos_embed", c.pos_embed);
  read.only({{"scale_attn_norm", false},
             {"scale_mlp_norm", false},
             {"dynamic_img_pad", false},
             {"norm_layer", nullptr},
             {"embed_norm_layer", nullptr}});
  c.check(where);
  return c;
}

OPAD_ONCE Json VisionTransformerConfig::to_json() const {
  Json json = {{"img_size", img_size[0] == img_size[1] ? Json(img_size[0]) : Json(img_size)}};
  json.update({{"patch_size", patch_size},
               {"in_chans", in_chans},
               {"embed_dim", embed_dim},
               {"depth", depth},
               {"num_heads", num_heads},
               {"mlp_ratio", mlp_ratio},
               {"init_values", init_values ? Json(*init_values) : Json()},
               {"qkv_bias", qkv_bias},
               {"proj_bias", proj_bias},
               {"class_token", class_token},
               {"no_embed_class", no_embed_class},
               {"reg_tokens", reg_tokens},
               {"pre_norm", pre_norm},
               {"final_norm", final_norm},
               {"fc_norm", fc_norm},
               {"global_pool", global_pool}});
  return json;
}

OPAD_ONCE void VisionTransformerConfig::check(const std::string& where) const {
  require(patch_size > 0 && in_chans > 0 && depth > 0 && reg_tokens >= 0 && mlp_width() > 0, where,
          ": patch_size, in_chans, depth and mlp_ratio must be positive, reg_tokens not negative");
  require(embed_dim > 0 && num_heads > 0 && embed_dim % num_heads == 0, where, ": embed_dim = ", embed_dim,
          " does not divide into num_heads = ", num_heads, "; give a number of heads that divides it");
  require(img_size[0] >= patch_size && img_size[1] >= patch_size, where, ": img_size = ", img_size[0], " x ",
          img_size[1], " is smaller than one patch of ", patch_size);
  static const std::set<std::string> pools{"token", "avg", "max", "avgmax", ""};
  require(pools.contains(global_pool), where, ": global_pool = \"", global_pool,
          "\" is not supported, only \"token\", \"avg\", \"max\", \"avgmax\" and \"\"");
  require(has_pos_embed() || pos_embed == "none" || pos_embed.empty(), where, ": pos_embed = \"", pos_embed,
          "\" is not supported, only \"learn\", \"none\" and \"\"");
  activation(act_layer, where, "act_layer");
  require(class_token || global_pool != "token", where, ": global_pool \"token\" needs class_token");
}

OPAD_ONCE Json VisionTransformerConfig::arguments_of(const Json& json, const std::string& where) {
  require(json.at("architecture").is_string(), where, ": architecture = ", json.at("architecture").dump(),
          " is not a text");
  Json arguments = timm_arguments(json.at("architecture").get<std::string>(), where);
  const Json pretrained = json.value("pretrained_cfg", Json::object()), own = json.value("model_args", Json::object());
  require(pretrained.is_object() && own.is_object(), where, ": pretrained_cfg and model_args must be objects");
  if (const auto size = pretrained.find("input_size"); size != pretrained.end()) {
    require(size->is_array() && size->size() == 3, where, ": pretrained_cfg.input_size = ", size->dump(),
            " is not [channels, rows, columns]");
    arguments["img_size"] = {size->at(1), size->at(2)};
  }
  if (json.contains("global_pool")) arguments["global_pool"] = json.at("global_pool");
  arguments.update(own);
  return arguments;
}

}  // namespace opad
