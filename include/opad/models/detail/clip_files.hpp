#pragma once
#include <opad/models/clip_files.hpp>

namespace opad {

OPAD_ONCE Json read_clip_config(const std::filesystem::path& folder, const std::string& tower) {
  Json config = read_json(folder / "config.json");
  if (!config.is_object() || !config.contains(tower + "_config")) return config;
  Json part = config.at(tower + "_config");
  require(part.is_object(), (folder / "config.json").string(), ": ", tower, "_config is not an object");
  if (const Json width = config.value("projection_dim", Json()); !width.is_null()) part["projection_dim"] = width;
  return part;
}

OPAD_ONCE Tensors read_clip_weights(const std::filesystem::path& folder, const std::string& tower) {
  const bool text = tower == "text";
  const std::string prefix = tower + "_model.", projection = text ? "text_projection." : "visual_projection.";
  Tensors tensors;
  for (const auto& [name, tensor] : read_weights(folder, "model")) {
    const bool other = name.starts_with(text ? "vision_model." : "text_model.") ||
                       name.starts_with(text ? "visual_projection." : "text_projection.") || name == "logit_scale";
    if (other || name.ends_with("embeddings.position_ids")) continue;
    tensors[name.starts_with(prefix) || name.starts_with(projection) ? name : prefix + name] = tensor;
  }
  return tensors;
}

}  // namespace opad
