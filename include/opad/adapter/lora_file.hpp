#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <opad/core/once.hpp>
#include <opad/io/folder.hpp>
#include <opad/io/weights.hpp>
#include <opad/models/config.hpp>
#include <opad/models/unet_2d_condition.hpp>

namespace opad {

/// A LoRA of a U-Net's attention projections, whichever program wrote the file:  W + B A.
struct LoraFile {
  std::int64_t rank = 0;  // the largest among the layers; those of less are filled up with zeros
  Tensors tensors;        // "unet.<attention layer>.to_q.lora_A.weight" [rank, in] and ...lora_B.weight [out, rank]
};

namespace detail {

/// What a key of a LoRA file says: which layer, and which part of its change.
struct LoraKey {
  std::string layer;  // with _ for every . and without what stands before the U-Net's own names
  enum Part { Down, Up, Alpha } part;
};

/// Endings of the keys of the several forms: PEFT and diffusers, PEFT's own state, older diffusers, kohya's scripts,
/// diffusers' attention processors.
inline constexpr std::array<std::pair<std::string_view, LoraKey::Part>, 11> lora_endings{{
    {".lora_A.weight", LoraKey::Down},
    {".lora_B.weight", LoraKey::Up},
    {".lora_A.default.weight", LoraKey::Down},
    {".lora_B.default.weight", LoraKey::Up},
    {".lora.down.weight", LoraKey::Down},
    {".lora.up.weight", LoraKey::Up},
    {".lora_down.weight", LoraKey::Down},
    {".lora_up.weight", LoraKey::Up},
    {"_lora.down.weight", LoraKey::Down},
    {"_lora.up.weight", LoraKey::Up},
    {".alpha", LoraKey::Alpha},
}};

/// Throws for a key that is of the text encoder, or of another method than LoRA.
inline LoraKey parse_lora_key(std::string_view key, const std::string& where) {
  for (const std::string_view text : {"text_encoder", "lora_te", "text_model.", "base_model.model.text_model."})
    if (key.starts_with(text))
      fail(where, ": '", key,
           "' changes the text encoder, which opad's LoRA leaves as it is; give a file for the U-Net ", "alone");
  std::string layer(key);
  const auto ending = std::ranges::find_if(lora_endings, [&](const auto& e) { return key.ends_with(e.first); });
  if (ending == lora_endings.end())
    fail(where, ": '", key, "' is no part of a LoRA (down, up or alpha of a layer); LoHa, LoKr and DoRA are not read");
  layer.resize(key.size() - ending->first.size());
  for (const std::string_view prefix : {"base_model.model.", "unet.", "lora_unet_"})
    if (layer.starts_with(prefix)) layer.erase(0, prefix.size());
  if (const auto at = layer.find(".processor."); at != layer.npos) layer.erase(at, 10);
  std::ranges::replace(layer, '.', '_');
  if (layer.ends_with("_to_out")) layer += "_0";  // as the attention processors call it
  return {layer, ending->second};
}

/// alpha / rank where one number for all layers is given: by diffusers' newer training scripts in the file itself, by
/// PEFT in a config beside it; else 1.
inline double lora_scale(const std::filesystem::path& path) {
  const auto scale = [](const Json& json, const std::string& prefix, const std::string& where) {
    const auto empty = [&](const std::string& key) {
      const Json value = json.value(prefix + key, Json());
      return value.is_null() || value.empty() || value == false;
    };
    require(
        json.is_object() && empty("rank_pattern") && empty("alpha_pattern") && empty("use_rslora") && empty("use_dora"),
        where, ": ranks or alphas that differ between layers, rsLoRA and DoRA are not supported");
    double rank = 0, alpha = 0;
    const ConfigReader read(json, where);
    read((prefix + "r").c_str(), rank);
    read((prefix + "lora_alpha").c_str(), alpha);
    if (rank == 0 && alpha == 0) return 1.0;
    require(rank > 0 && alpha > 0, where, ": gives rank ", rank, " and alpha ", alpha);
    return alpha / rank;
  };
  if (path.extension() == ".safetensors") {
    const auto metadata = SafeTensors(path).metadata();
    const std::string key = "lora_adapter_metadata", where = path.string() + ": " + key;
    if (metadata.contains(key)) return scale(parse_json(metadata.at(key), where), "unet.", where);
  }
  const auto config = path.parent_path() / "adapter_config.json";
  if (path.stem() == "adapter_model" && is_there(config)) return scale(read_json(config), "", config.string());
  return 1;
}

}  // namespace detail

/// Reads a LoRA for this U-Net from a .safetensors or .bin file as diffusers (old and new), PEFT or kohya's scripts
/// write it. Projections that the file leaves out get zeros, which change nothing. Throws, by name, for whatever the
/// file changes beside the attention projections.
LoraFile read_lora_file(const std::filesystem::path& path, UNet2DConditionModel& unet);

/// The LoRA's file in a folder, by the names of diffusers and PEFT, or the file itself. Throws with what was looked
/// for.
std::filesystem::path find_lora_file(const std::filesystem::path& path);

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/adapter/detail/lora_file.hpp>
#endif
