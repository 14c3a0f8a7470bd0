#pragma once
#include <opad/core/once.hpp>
#include <opad/io/weights.hpp>
#include <opad/models/pretrained.hpp>
#include <opad/models/transformer_layers.hpp>
#include <opad/models/vision_transformer_config.hpp>

namespace opad {

/// timm's resampling of position embeddings to another grid of patches: bicubic, antialiased; prefix rows (class token,
/// registers) stay.  [1, prefix + h w, D] -> [1, prefix + h' w', D]
///   old_size, new_size  {rows, columns} of patches
Tensor resample_abs_pos_embed(const Tensor& pos_embed, std::array<std::int64_t, 2> new_size,
                              std::array<std::int64_t, 2> old_size, std::int64_t prefix);

/// A file's position embeddings for the config's grid. A file does not say its own grid: it is taken to be square.
inline Tensor fit_pos_embed(const Tensor& pos_embed, const VisionTransformerConfig& config, const std::string& where) {
  const auto [rows, columns] = config.grid();
  const std::int64_t prefix = config.embedded_prefix();
  if (pos_embed.dim() != 3 || pos_embed.size(1) == prefix + rows * columns) return pos_embed;
  const auto side =
      static_cast<std::int64_t>(std::lround(std::sqrt(std::max<std::int64_t>(pos_embed.size(1) - prefix, 0))));
  require(side > 0 && side * side + prefix == pos_embed.size(1), where, ": pos_embed holds ", pos_embed.size(1),
          " rows, which is not ", prefix,
          " and a square grid of patches; is this the right file for the config beside it?");
  return resample_abs_pos_embed(pos_embed.to(torch::kFloat32), {rows, columns}, {side, side}, prefix);
}

/// Self-attention with one projection for queries, keys and values; where the config says so, q and k are normalised.
struct ViTAttention : torch::nn::Module {
  std::int64_t heads;
  std::shared_ptr<LinearLayer> qkv, proj;
  std::shared_ptr<LayerNorm> q_norm, k_norm;  // nullptr without

  explicit ViTAttention(const VisionTransformerConfig& c)
      : heads(c.num_heads),
        qkv(register_module("qkv", std::make_shared<LinearLayer>(c.embed_dim, 3 * c.embed_dim, c.qkv_bias))),
        proj(register_module("proj", std::make_shared<LinearLayer>(c.embed_dim, c.embed_dim, c.proj_bias))) {
    if (!c.qk_norm) return;
    q_norm = register_module("q_norm", std::make_shared<LayerNorm>(c.embed_dim / heads, c.norm_eps));
    k_norm = register_module("k_norm", std::make_shared<LayerNorm>(c.embed_dim / heads, c.norm_eps));
  }

  Tensor forward(const Tensor& x) const {
    const auto parts =
        qkv->forward(x).unflatten(2, {3, heads, -1}).permute({2, 0, 3, 1, 4}).unbind(0);  // 3 of [B, heads, T, d]
    return proj->forward(q_norm ? self_attend(q_norm->forward(parts[0]), k_norm->forward(parts[1]), parts[2])
                                : self_attend(parts[0], parts[1], parts[2]));
  }
};

/// Touvron et al., "Going deeper with Image Transformers", ICCV 2021, arXiv 2103.17239: a learned factor for each
/// channel.
struct LayerScale : torch::nn::Module {
  Tensor gamma;
  explicit LayerScale(std::int64_t width) { gamma = register_parameter("gamma", torch::empty({width}), false); }
};

/// x + s1 attention(norm(x)), then the same with the two linear layers; s1 and s2 are 1 without LayerScale.
struct ViTBlock : torch::nn::Module {
  std::shared_ptr<LayerNorm> norm1, norm2;
  std::shared_ptr<ViTAttention> attn;
  std::shared_ptr<TransformerMlp> mlp;
  std::shared_ptr<LayerScale> ls1, ls2;  // nullptr without LayerScale

  explicit ViTBlock(const VisionTransformerConfig& c)
      : norm1(register_module("norm1", std::make_shared<LayerNorm>(c.embed_dim, c.norm_eps))),
        norm2(register_module("norm2", std::make_shared<LayerNorm>(c.embed_dim, c.norm_eps))),
        attn(register_module("attn", std::make_shared<ViTAttention>(c))),
        mlp(register_module("mlp", std::make_shared<TransformerMlp>(
                                       c.embed_dim, c.mlp_width(),
                                       activation(c.act_layer, "VisionTransformer", "act_layer"), c.proj_bias))) {
    if (!c.init_values) return;
    ls1 = register_module("ls1", std::make_shared<LayerScale>(c.embed_dim));
    ls2 = register_module("ls2", std::make_shared<LayerScale>(c.embed_dim));
  }

  Tensor forward(const Tensor& x) const {
    const auto scaled = [](const Tensor& y, const std::shared_ptr<LayerScale>& scale) {
      return scale ? y * scale->gamma : y;
    };
    const Tensor attended = x + scaled(attn->forward(norm1->forward(x)), ls1);
    return attended + scaled(mlp->forward(norm2->forward(attended)), ls2);
  }
};

/// Patches of the picture as tokens: a convolution whose stride is the patch.
struct ViTPatchEmbed : torch::nn::Module {
  std::shared_ptr<Conv2d> proj;
  explicit ViTPatchEmbed(const VisionTransformerConfig& c) {
    proj = register_module(
        "proj", std::make_shared<Conv2d>(c.in_chans, c.embed_dim, c.patch_size, c.patch_size, 0, !c.pre_norm));
  }
};

/// timm's VisionTransformer without a classifier: DINO, DINOv2, with or without registers.
///   image  [B, 3, img_size, img_size] (any size with dynamic_img_size), normalised as the checkpoint wants it
///          (ImageNet's mean and deviation for DINO)
/// Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021, arXiv 2010.11929; Caron et al. (DINO), arXiv
/// 2104.14294; Oquab et al. (DINOv2), arXiv 2304.07193; Darcet et al. (registers), arXiv 2309.16588.
struct VisionTransformer : torch::nn::Module, GradientCheckpointing {
  VisionTransformerConfig config;
  std::shared_ptr<ViTPatchEmbed> patch_embed;
  Tensor cls_token, reg_token, pos_embed;  // undefined where the config has none
  std::shared_ptr<LayerNorm> norm_pre, norm,
      fc_norm;  // norm before the pooling, or fc_norm after it; norm_pre before the blocks
  std::shared_ptr<ModuleList<ViTBlock>> blocks;

  explicit VisionTransformer(const VisionTransformerConfig& c);

  /// Reads config.json (timm's keyword arguments, or the form of timm's hub) and model.safetensors; a classifier is
  /// left out.
  ///   img_size  side of the pictures, instead of the config's; position embeddings are resampled to its grid of
  ///             patches
  static std::shared_ptr<VisionTransformer> from_pretrained(const std::filesystem::path& folder,
                                                            std::optional<std::int64_t> img_size = {});

  /// Writes config.json (timm's keyword arguments) and model.safetensors.
  void save_pretrained(const std::filesystem::path& folder) const;

  /// All tokens after the last norm: class token, registers, patches.  [B, 3, H, W] -> [B, prefix + patches, embed_dim]
  Tensor forward_features(const Tensor& image) const;

  /// The class token, or what the config's global_pool asks for.  [B, 3, H, W] -> [B, embed_dim]
  Tensor forward(const Tensor& image) const {
    const Tensor tokens = forward_features(image);
    const Tensor pool = config.pool_include_prefix ? tokens : tokens.slice(1, config.prefix());
    const Tensor pooled = config.global_pool == "token"    ? tokens.select(1, 0)
                          : config.global_pool == "avg"    ? pool.mean(1)
                          : config.global_pool == "max"    ? pool.amax(1)
                          : config.global_pool == "avgmax" ? 0.5 * (pool.amax(1) + pool.mean(1))
                                                           : tokens;
    return fc_norm ? fc_norm->forward(pooled) : pooled;
  }

  /// What the chosen blocks put out, without the last norm, in the order of `indices` (-1 is the last block).
  std::vector<Tensor> forward_intermediates(const Tensor& image, const std::vector<std::int64_t>& indices) const;

 private:
  /// Patches with positions, behind the class token and the registers.
  Tensor embed(const Tensor& image) const;
};

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/models/detail/vision_transformer.hpp>
#endif
