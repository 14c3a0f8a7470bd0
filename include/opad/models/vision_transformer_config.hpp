#pragma once
#include <array>
#include <cmath>
#include <optional>
#include <set>

#include <opad/core/once.hpp>
#include <opad/models/activation.hpp>
#include <opad/models/config.hpp>

namespace opad {

/// The keyword arguments of timm's VisionTransformer that an architecture's name stands for. Known are vit_{tiny,
/// small, base, large}_patch{8, 16}_224 (DINO), ..._patch14_dinov2 and ..._patch14_reg4_dinov2; a tag behind a point
/// (".lvd142m") says only how it was trained.
Json timm_arguments(const std::string& architecture, const std::string& where);

/// timm's VisionTransformer(**config.json, num_classes=0), with timm's defaults.
struct VisionTransformerConfig {
  static constexpr double norm_eps = 1e-6;

  std::array<std::int64_t, 2> img_size = {224, 224};  // rows, columns; one number for both in the file
  std::int64_t patch_size = 16, in_chans = 3, embed_dim = 768, depth = 12, num_heads = 12, reg_tokens = 0;
  double mlp_ratio = 4.0;
  std::optional<double> init_values;  // LayerScale where there is one
  bool qkv_bias = true, proj_bias = true, class_token = true, no_embed_class = false, pre_norm = false,
       final_norm = true;
  bool fc_norm = false;  // the last norm comes after the pooling; absent: unless one token or all are taken
  std::string global_pool = "token";  // or "avg", "max", "avgmax" (the mean of both) of the patches, or "" (all tokens)
  bool pool_include_prefix = false;   // of the prefix too
  bool qk_norm = false;               // queries and keys are normalised, each head's by itself
  bool dynamic_img_size = false;      // pictures of any size: the positions are resampled for each
  std::string act_layer = "gelu", pos_embed = "learn";  // "none" or "": no positions

  bool has_pos_embed() const { return pos_embed == "learn"; }

  /// Keyword arguments, or {"architecture": name, "model_args": {...}, "pretrained_cfg": {"input_size": [3, H, W],
  /// ...}}.
  static VisionTransformerConfig from_json(const Json& json, const std::string& where);

  /// timm's keyword arguments; from_json reads them back.
  Json to_json() const;

  void check(const std::string& where) const;

  std::array<std::int64_t, 2> grid() const {
    return {img_size[0] / patch_size, img_size[1] / patch_size};
  }  // of patches
  std::int64_t prefix() const { return class_token + reg_tokens; }                // tokens in front of the patches
  std::int64_t embedded_prefix() const { return no_embed_class ? 0 : prefix(); }  // those that have a position
  std::int64_t mlp_width() const { return static_cast<std::int64_t>(static_cast<double>(embed_dim) * mlp_ratio); }

 private:
  static Json arguments_of(const Json& json, const std::string& where);
};

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/models/detail/vision_transformer_config.hpp>
#endif
