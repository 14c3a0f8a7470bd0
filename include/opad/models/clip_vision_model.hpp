#pragma once
#include <opad/core/once.hpp>
#include <opad/models/clip_files.hpp>
#include <opad/models/pretrained.hpp>
#include <opad/models/transformer_layers.hpp>

namespace opad {

/// config.json of a CLIPVisionModelWithProjection, with transformers' defaults.
struct CLIPVisionConfig {
  std::int64_t hidden_size = 768, intermediate_size = 3072, projection_dim = 512;
  std::int64_t num_hidden_layers = 12, num_attention_heads = 12;
  std::int64_t num_channels = 3, image_size = 224, patch_size = 32;
  std::string hidden_act = "quick_gelu";
  double layer_norm_eps = 1e-5;

  static CLIPVisionConfig from_json(const Json& json, const std::string& where);

  /// In the form that transformers 4 writes.
  Json to_json() const;
};

/// Patches of the picture and a class token, with positions.  [B, 3, S, S] -> [B, 1 + patches, width]
struct ClipVisionEmbeddings : torch::nn::Module {
  Tensor class_embedding;
  std::shared_ptr<Conv2d> patch_embedding;
  std::shared_ptr<Embedding> position_embedding;

  explicit ClipVisionEmbeddings(const CLIPVisionConfig& c) {
    const std::int64_t side = c.image_size / c.patch_size;
    class_embedding = register_parameter("class_embedding", torch::empty({c.hidden_size}), false);
    patch_embedding = register_module(
        "patch_embedding",
        std::make_shared<Conv2d>(c.num_channels, c.hidden_size, c.patch_size, c.patch_size, 0, /*with_bias=*/false));
    position_embedding =
        register_module("position_embedding", std::make_shared<Embedding>(side * side + 1, c.hidden_size));
  }

  Tensor forward(const Tensor& image) const {  // [B, C, s, s] -> [B, 1 + patches, hidden_size], class token first
    const Tensor patches = patch_embedding->forward(image).flatten(2).transpose(1, 2);
    return at::cat({class_embedding.expand({image.size(0), 1, -1}), patches}, 1) + position_embedding->weight;
  }
};

/// The vision model without its projection.
struct ClipVisionTransformer : torch::nn::Module {
  std::shared_ptr<ClipVisionEmbeddings> embeddings;
  std::shared_ptr<LayerNorm> pre_layrnorm, post_layernorm;  // the first is misspelt in every file
  std::shared_ptr<ClipEncoder> encoder;

  explicit ClipVisionTransformer(const CLIPVisionConfig& c)
      : embeddings(register_module("embeddings", std::make_shared<ClipVisionEmbeddings>(c))),
        pre_layrnorm(register_module("pre_layrnorm", std::make_shared<LayerNorm>(c.hidden_size, c.layer_norm_eps))),
        post_layernorm(register_module("post_layernorm", std::make_shared<LayerNorm>(c.hidden_size, c.layer_norm_eps))),
        encoder(register_module("encoder", std::make_shared<ClipEncoder>(
                                               c.num_hidden_layers, ClipLayerConfig{c.hidden_size, c.intermediate_size,
                                                                                    c.num_attention_heads, c.hidden_act,
                                                                                    c.layer_norm_eps}))) {}
};

/// CLIP's image encoder with its projection into the space that images share with texts.
///   image  [B, 3, image_size, image_size], normalised as the checkpoint wants it
/// Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021, arXiv
/// 2103.00020.
struct CLIPVisionModelWithProjection : torch::nn::Module {
  CLIPVisionConfig config;
  std::shared_ptr<ClipVisionTransformer> vision_model;
  std::shared_ptr<LinearLayer> visual_projection;

  explicit CLIPVisionModelWithProjection(const CLIPVisionConfig& c);

  /// Reads a CLIPVisionModelWithProjection or a whole CLIPModel.
  static std::shared_ptr<CLIPVisionModelWithProjection> from_pretrained(const std::filesystem::path& folder);

  /// Writes config.json and model.safetensors. transformers 4 and 5 read them.
  void save_pretrained(const std::filesystem::path& folder) const;

  /// All tokens, before the last norm.  [B, 3, s, s] -> [B, 1 + patches, hidden_size]
  Tensor last_hidden_state(const Tensor& image) const;

  /// The class token after the last norm.  [B, 1 + patches, hidden_size] -> [B, hidden_size]
  Tensor pooled(const Tensor& last_hidden_state) const {
    return vision_model->post_layernorm->forward(last_hidden_state.select(1, 0));
  }

  /// image_embeds, not normalised.  [B, 3, s, s] -> [B, projection_dim]
  Tensor forward(const Tensor& image) const { return visual_projection->forward(pooled(last_hidden_state(image))); }
};

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/models/detail/clip_vision_model.hpp>
#endif
