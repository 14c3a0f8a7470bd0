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

  OPAD_ONCE static CLIPVisionConfig from_json(const Json& json, const std::string& where) {
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

  /// In the form that transformers 4 writes.
  OPAD_ONCE Json to_json() const {
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
};

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

  OPAD_ONCE explicit CLIPVisionModelWithProjection(const CLIPVisionConfig& c)
      : config(c),
        vision_model(register_module("vision_model", std::make_shared<ClipVisionTransformer>(c))),
        visual_projection(register_module("visual_projection",
                                          std::make_shared<LinearLayer>(c.hidden_size, c.projection_dim, false))) {}

  /// Reads a CLIPVisionModelWithProjection or a whole CLIPModel.
  OPAD_ONCE static std::shared_ptr<CLIPVisionModelWithProjection> from_pretrained(const std::filesystem::path& folder) {
    const auto config =
        CLIPVisionConfig::from_json(read_clip_config(folder, "vision"), (folder / "config.json").string());
    auto model = std::make_shared<CLIPVisionModelWithProjection>(config);
    load_parameters(*model, read_clip_weights(folder, "vision"), folder.string());
    return model;
  }

  /// Writes config.json and model.safetensors. transformers 4 and 5 read them.
  OPAD_ONCE void save_pretrained(const std::filesystem::path& folder) const {
    save_model_folder(folder, "model", *this, config.to_json());
  }

  /// All tokens, before the last norm.  [B, 3, s, s] -> [B, 1 + patches, hidden_size]
  OPAD_ONCE Tensor last_hidden_state(const Tensor& image) const {
    require(image.dim() == 4 && image.size(1) == config.num_channels && image.size(2) == config.image_size &&
                image.size(3) == config.image_size,
            "CLIPVisionModelWithProjection: an image ", image.sizes(), " instead of [B, ", config.num_channels, ", ",
            config.image_size, ", ", config.image_size, "]; resize it");
    return vision_model->encoder->forward(vision_model->pre_layrnorm->forward(vision_model->embeddings->forward(image)),
                                          /*causal=*/false);
  }

  /// The class token after the last norm.  [B, 1 + patches, hidden_size] -> [B, hidden_size]
  Tensor pooled(const Tensor& last_hidden_state) const {
    return vision_model->post_layernorm->forward(last_hidden_state.select(1, 0));
  }

  /// image_embeds, not normalised.  [B, 3, s, s] -> [B, projection_dim]
  Tensor forward(const Tensor& image) const { return visual_projection->forward(pooled(last_hidden_state(image))); }
};

}  // namespace opad
