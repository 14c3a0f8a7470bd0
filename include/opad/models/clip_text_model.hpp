#pragma once
#include <opad/core/once.hpp>
#include <opad/models/clip_files.hpp>
#include <opad/models/pretrained.hpp>
#include <opad/models/transformer_layers.hpp>

namespace opad {

/// config.json of a CLIPTextModel, with transformers' defaults.
struct CLIPTextConfig {
  std::int64_t vocab_size = 49408, hidden_size = 512, intermediate_size = 2048, projection_dim = 512;
  std::int64_t num_hidden_layers = 12, num_attention_heads = 8, max_position_embeddings = 77;
  std::string hidden_act = "quick_gelu";
  double layer_norm_eps = 1e-5;
  std::int64_t bos_token_id = 49406, eos_token_id = 49407, pad_token_id = 1;

  static CLIPTextConfig from_json(const Json& json, const std::string& where);

  /// In the form that transformers 4 writes.
  Json to_json(bool with_projection) const;

 private:
  std::vector<std::pair<const char*, std::int64_t*>> integers() {
    return {{"vocab_size", &vocab_size},
            {"hidden_size", &hidden_size},
            {"intermediate_size", &intermediate_size},
            {"projection_dim", &projection_dim},
            {"num_hidden_layers", &num_hidden_layers},
            {"num_attention_heads", &num_attention_heads},
            {"max_position_embeddings", &max_position_embeddings},
            {"bos_token_id", &bos_token_id},
            {"eos_token_id", &eos_token_id},
            {"pad_token_id", &pad_token_id}};
  }
};

/// Token and position tables of the text model: a row of each, added.
struct ClipTextEmbeddings : torch::nn::Module {
  std::shared_ptr<Embedding> token_embedding, position_embedding;
  explicit ClipTextEmbeddings(const CLIPTextConfig& c)
      : token_embedding(register_module("token_embedding", std::make_shared<Embedding>(c.vocab_size, c.hidden_size))),
        position_embedding(register_module("position_embedding",
                                           std::make_shared<Embedding>(c.max_position_embeddings, c.hidden_size))) {}
};

/// The text model without its projection.
struct ClipTextTransformer : torch::nn::Module {
  std::shared_ptr<ClipTextEmbeddings> embeddings;
  std::shared_ptr<ClipEncoder> encoder;
  std::shared_ptr<LayerNorm> final_layer_norm;
  explicit ClipTextTransformer(const CLIPTextConfig& c)
      : embeddings(register_module("embeddings", std::make_shared<ClipTextEmbeddings>(c))),
        encoder(register_module("encoder", std::make_shared<ClipEncoder>(
                                               c.num_hidden_layers, ClipLayerConfig{c.hidden_size, c.intermediate_size,
                                                                                    c.num_attention_heads, c.hidden_act,
                                                                                    c.layer_norm_eps}))),
        final_layer_norm(
            register_module("final_layer_norm", std::make_shared<LayerNorm>(c.hidden_size, c.layer_norm_eps))) {}
};

/// CLIP's text encoder: ids [B, T] -> last_hidden_state [B, T, hidden_size], Stable Diffusion's condition.
/// Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021, arXiv
/// 2103.00020. Parameters have the names of transformers 4, whichever version wrote the file.
struct CLIPTextModel : torch::nn::Module {
  CLIPTextConfig config;
  std::shared_ptr<ClipTextTransformer> text_model;
  std::shared_ptr<LinearLayer> text_projection;  // nullptr without projection

  explicit CLIPTextModel(const CLIPTextConfig& c, bool with_projection = false);

  /// Reads a CLIPTextModel, a CLIPTextModelWithProjection (the file holds text_projection.weight) or a whole CLIPModel.
  static std::shared_ptr<CLIPTextModel> from_pretrained(const std::filesystem::path& folder);

  /// Writes config.json and model.safetensors. transformers 4 and 5 and diffusers read them.
  void save_pretrained(const std::filesystem::path& folder) const;

  /// The table of token embeddings, [vocabulary, hidden_size].
  const Tensor& token_table() const { return text_model->embeddings->token_embedding->weight; }

  Tensor token_embedding(const Tensor& ids) const;

  /// last_hidden_state, after the final norm, of embeddings without positions.
  /// [B, T, hidden_size] -> [B, T, hidden_size]
  Tensor encode(const Tensor& token_embeddings) const;

  Tensor forward(const Tensor& ids) const { return encode(token_embedding(ids)); }

  /// The state at the end token.  [B, T, hidden_size], [B, T] -> [B, hidden_size]
  /// A config with eos_token_id 2, as in every published Stable Diffusion 2 folder, means "at the largest id".
  Tensor pooled(const Tensor& last_hidden_state, const Tensor& ids) const;

  /// The projection into the space that texts share with images, not normalised.  [B, T] -> [B, projection_dim]
  Tensor text_embeds(const Tensor& ids) const;
};

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/models/detail/clip_text_model.hpp>
#endif
