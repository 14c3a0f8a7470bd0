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
OPAD_ONCE LoraFile read_lora_file(const std::filesystem::path& path, UNet2DConditionModel& unet) {
  const std::string where = path.string();
  struct Place {
    std::string name;
    Tensor weight, down, up;
    double alpha = 0;
  };
  std::map<std::string, Place> places;  // by the layer's name with _ for every .
  unet.for_each_attention([&](const std::string& layer, Attention& attention, bool) {
    for (const auto& [projection, linear] : {std::pair{".to_q", attention.to_q},
                                             {".to_k", attention.to_k},
                                             {".to_v", attention.to_v},
                                             {".to_out.0", attention.to_out}}) {
      std::string flat = layer + projection;
      std::ranges::replace(flat, '.', '_');
      places.emplace(flat, Place{layer + projection, linear->weight, {}, {}});
    }
  });

  for (const auto& [key, tensor] : read_weight_file(path)) {
    const detail::LoraKey parsed = detail::parse_lora_key(key, where);
    const auto found = places.find(parsed.layer);
    if (found == places.end())
      fail(where, ": '", key,
           "' is of no attention projection of this U-Net; opad's LoRA changes to_q, to_k, to_v and ",
           "to_out.0 alone (no feed-forward, convolution or proj_in), and the file must be made for this U-Net's "
           "layout");
    Place& place = found->second;
    if (parsed.part == detail::LoraKey::Alpha) {
      require(tensor.numel() == 1, where, ": '", key, "' is ", tensor.sizes(), ", not one number");
      place.alpha = tensor.item<double>();
      continue;
    }
    const bool down = parsed.part == detail::LoraKey::Down;
    const std::int64_t side = down ? 1 : 0, width = place.weight.size(side);
    const bool convolution = tensor.dim() == 4 && tensor.size(2) == 1 && tensor.size(3) == 1;
    const Tensor matrix = convolution ? tensor.flatten(1) : tensor;
    require(matrix.dim() == 2 && matrix.size(side) == width && matrix.size(1 - side) > 0, where, ": '", key, "' is ",
            tensor.sizes(), ", but this U-Net needs ", down ? "[rank, " : "[", width, down ? "]" : ", rank]",
            "; was it made for another base model?");
    Tensor& part = down ? place.down : place.up;
    require(!part.defined(), where, ": '", key, "' comes twice, under two names");
    part = matrix;
  }

  LoraFile file;
  for (const auto& [flat, place] : places) {
    require(place.down.defined() == place.up.defined() && (place.down.defined() || place.alpha == 0), where,
            ": the LoRA of '", place.name, "' lacks one of its two matrices");
    if (!place.down.defined()) continue;
    require(place.down.size(0) == place.up.size(1), where, ": the two matrices of '", place.name, "' have the ranks ",
            place.down.size(0), " and ", place.up.size(1));
    file.rank = std::max(file.rank, place.down.size(0));
  }
  require(file.rank > 0, where, ": holds no LoRA weights");
  const double scale = detail::lora_scale(path);
  for (const auto& [flat, place] : places) {
    const auto options = torch::dtype(torch::kFloat32);
    Tensor a = torch::zeros({file.rank, place.weight.size(1)}, options),
           b = torch::zeros({place.weight.size(0), file.rank}, options);
    if (place.down.defined()) {
      const std::int64_t rank = place.down.size(0);
      a.narrow(0, 0, rank).copy_(place.down);
      b.narrow(1, 0, rank).copy_(place.up).mul_(place.alpha != 0 ? place.alpha / static_cast<double>(rank) : scale);
    }
    file.tensors.emplace("unet." + place.name + ".lora_A.weight", a);
    file.tensors.emplace("unet." + place.name + ".lora_B.weight", b);
  }
  return file;
}

/// The LoRA's file in a folder, by the names of diffusers and PEFT, or the file itself. Throws with what was looked
/// for.
OPAD_ONCE std::filesystem::path find_lora_file(const std::filesystem::path& path) {
  if (is_there(path) && !is_folder(path)) return path;
  require_folder(path, "give a LoRA's file or its folder");
  for (const char* const name : {"pytorch_lora_weights.safetensors", "pytorch_lora_weights.bin",
                                 "adapter_model.safetensors", "adapter_model.bin"})
    if (is_there(path / name)) return path / name;
  fail(path.string(), ": no LoRA here; looked for pytorch_lora_weights and adapter_model, .safetensors and .bin");
}

}  // namespace opad
