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
  bool text;          // of the text encoder, not of the U-Net
  std::string layer;  // with _ for every . and without what stands before the model's own names
  enum Part { Down, Up, Alpha } part;
};

/// Endings of the keys of the several forms: PEFT and diffusers, PEFT's own state, older diffusers (two), kohya's
/// scripts, diffusers' attention processors.
inline constexpr std::array<std::pair<std::string_view, LoraKey::Part>, 13> lora_endings{{
    {".lora_A.weight", LoraKey::Down},
    {".lora_B.weight", LoraKey::Up},
    {".lora_A.default.weight", LoraKey::Down},
    {".lora_B.default.weight", LoraKey::Up},
    {".lora.down.weight", LoraKey::Down},
    {".lora.up.weight", LoraKey::Up},
    {".lora_linear_layer.down.weight", LoraKey::Down},
    {".lora_linear_layer.up.weight", LoraKey::Up},
    {".lora_down.weight", LoraKey::Down},
    {".lora_up.weight", LoraKey::Up},
    {"_lora.down.weight", LoraKey::Down},
    {"_lora.up.weight", LoraKey::Up},
    {".alpha", LoraKey::Alpha},
}};

/// Throws for a key of a second text encoder, or of another method than LoRA.
LoraKey parse_lora_key(std::string_view key, const std::string& where);

/// A layer of a LoRA file, as it stands there:  W + scale * up down.
struct LoraLayer {
  std::string down_key, up_key;
  Tensor down, up;   // [rank, in], [out, rank], or of convolutions [rank, in, k, k], [out, rank, 1, 1]
  double alpha = 0;  // 0: the file gives none
  double scale = 1;  // alpha / rank
  std::string key() const { return down_key.empty() ? up_key : down_key; }
  /// Throws unless both matrices are there and of one rank.
  void check(const std::string& where) const;
};

/// The layers of a file by their models and names, as LoraKey has them. Throws for whatever is no part of a LoRA; a
/// layer may still lack a part (check).
struct LoraLayers {
  std::map<std::string, LoraLayer> unet, text;
};
LoraLayers read_lora_layers(const std::filesystem::path& path);

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
