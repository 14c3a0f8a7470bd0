#pragma once
#include <opad/models/clip_vision_model.hpp>

namespace opad {

OPAD_ONCE CLIPVisionConfig CLIPVisionConfig::from_json(const Json& json, const std::string& where) {
  CLIPVisionConfig c;
  const ConfigReader read(json, where);
  const std::pair<const char*, std::int64_t*> integers[] = {{"hidden_size", &c.hidden_size},
                                                            {"intermediate_size", &c.intermediate_size},
                                                            {"projection_dim", &c.projection_dim},
                                                            {"num_hidden_layers", &c.num_hidden_layers},
                                                            {"num_attention_heads", &c.num_attention_heads},
                                                            {"num_channels", &c.num_channels},
                                                            {"image_size", &c.image_size},
                                                            {"patch_size", &c.patch_size}};
  for (const auto& [key, value] : integers) {
    read(key, *value);
    require(*value > 0, where, ": ", key, " = ", *value, "; it must be positive");
  }
  read("hidden_act", c.hidden_act);
  read("layer_norm_eps", c.layer_norm_eps);
  require(c.patch_size <= c.image_size, where, ": a patch_size of ", c.patch_size, " is larger than the image_size ",
          c.image_size);
  require_heads(where + ": hidden_size, num_attention_heads", c.hidden_size, c.num_attention_heads);
  activation(c.hidden_act, where, "hidden_act");
  return c;
}

OPAD_ONCE Json CLIPVisionConfig::to_json() const {
  return {{"architectures", {"CLIPVisionModelWithProjection"}},
          {"model_type", "clip_vision_model"},
          {"hidden_size", hidden_size},
          {"intermediate_size", intermediate_size},
          {"projection_dim", projection_dim},
          {"num_hidden_layers", num_hidden_layers},
          {"num_attention_heads", num_attention_heads},
          {"num_channels", num_channels},
          {"image_size", image_size},
          {"patch_size", patch_size},
          {"hidden_act", hidden_act},
          {"layer_norm_eps", layer_norm_eps},
          {"torch_dtype", "float32"}};
}

OPAD_ONCE CLIPVisionModelWithProjection::CLIPVisionModelWithProjection(const CLIPVisionConfig& c)
    : config(c),
      vision_model(register_module("vision_model", std::make_shared<ClipVisionTransformer>(c))),
      visual_projection(register_module("visual_projection",
                                        std::make_shared<LinearLayer>(c.hidden_size, c.projection_dim, false))) {}

OPAD_ONCE std::shared_ptr<CLIPVisionModelWithProjection> CLIPVisionModelWithProjection::from_pretrained(
    const std::filesystem::path& folder) {
  const auto config =
      CLIPVisionConfig::from_json(read_clip_config(folder, "vision"), (folder / "config.json").string());
  auto model = std::make_shared<CLIPVisionModelWithProjection>(config);
  load_parameters(*model, read_clip_weights(folder, "vision"), folder.string());
  return model;
}

OPAD_ONCE void CLIPVisionModelWithProjection::save_pretrained(const std::filesystem::path& folder) const {
  save_model_folder(folder, "model", *this, config.to_json());
}

OPAD_ONCE Tensor CLIPVisionModelWithProjection::last_hidden_state(const Tensor& image) const {
  require(image.dim() == 4 && image.size(1) == config.num_channels && image.size(2) == config.image_size &&
              image.size(3) == config.image_size,
          "CLIPVisionModelWithProjection: an image ", image.sizes(), " instead of [B, ", config.num_channels, ", ",
          config.image_size, ", ", config.image_size, "]; resize it");
  return vision_model->encoder->forward(vision_model->pre_layrnorm->forward(vision_model->embeddings->forward(image)),
                                        /*causal=*/false);
}

}  // namespace opad
