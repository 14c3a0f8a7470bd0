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

  OPAD_ONCE static CLIPTextConfig from_json(const Json& json, const std::string& where) {
    CLIPTextConfig c;
    const ConfigReader read(json, where);
    for (const auto& [key, value] : c.integers()) read(key, *value);
    read("hidden_act", c.hidden_act);
    read("layer_norm_eps", c.layer_norm_eps);
    for (const auto& [key, value] : c.integers())
      require(*value > 0 || std::string_view(key).ends_with("token_id"), where, ": ", key, " = ", *value,
              "; it must be positive");
    require_heads(where + ": hidden_size, num_attention_heads", c.hidden_size, c.num_attention_heads);
    activation(c.hidden_act, where, "hidden_act");
    return c;
  }

  /// In the form that transformers 4 writes.
  OPAD_ONCE Json to_json(bool with_projection) const {
    Json json = {{"architectures", {with_projection ? "CLIPTextModelWithProjection" : "CLIPTextModel"}},
                 {"model_type", "clip_text_model"}};
    CLIPTextConfig copy = *this;
    for (const auto& [key, value] : copy.integers()) json[key] = *value;
    json.update({{"hidden_act", hidden_act}, {"layer_norm_eps", layer_norm_eps}, {"torch_dtype", "float32"}});
    return json;
  }

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

struct ClipTextEmbeddings : torch::nn::Module {
  std::shared_ptr<Embedding> token_embedding, position_embedding;
  explicit ClipTextEmbeddings(const CLIPTextConfig& c)
      : token_embedding(register_module("token_embedding", std::make_shared<Embedding>(c.vocab_size, c.hidden_size))),
        position_embedding(register_module("position_embedding",
                                           std::make_shared<Embedding>(c.max_position_embeddings, c.hidden_size))) {}
};

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

  OPAD_ONCE explicit CLIPTextModel(const CLIPTextConfig& c, bool with_projection = false)
      : config(c),
        text_model(register_module("text_model", std::make_shared<ClipTextTransformer>(c))) {
    if (with_projection)
      text_projection =
          register_module("text_projection", std::make_shared<LinearLayer>(c.hidden_size, c.projection_dim, false));
  }

  /// Reads a CLIPTextModel, a CLIPTextModelWithProjection (the file holds text_projection.weight) or a whole CLIPModel.
  OPAD_ONCE static std::shared_ptr<CLIPTextModel> from_pretrained(const std::filesystem::path& folder) {
    const auto config = CLIPTextConfig::from_json(read_clip_config(folder, "text"), (folder / "config.json").string());
    const Tensors tensors = read_clip_weights(folder, "text");
    auto model = std::make_shared<CLIPTextModel>(config, tensors.contains("text_projection.weight"));
    load_parameters(*model, tensors, folder.string());
    return model;
  }

  /// Writes config.json and model.safetensors. transformers 4 and 5 and diffusers read them.
  OPAD_ONCE void save_pretrained(const std::filesystem::path& folder) const {
    CLIPTextConfig saved = config;
    saved.vocab_size = token_table().size(0);  // rows may have been added
    save_model_folder(folder, "model", *this, saved.to_json(text_projection != nullptr));
  }

  /// The table of token embeddings, [vocabulary, hidden_size].
  const Tensor& token_table() const { return text_model->embeddings->token_embedding->weight; }

  OPAD_ONCE Tensor token_embedding(const Tensor& ids) const {  // [B, T] int64 -> [B, T, hidden_size]
    if (ids.is_cpu() && ids.numel() > 0)
      require(ids.min().item<std::int64_t>() >= 0 && ids.max().item<std::int64_t>() < token_table().size(0),
              "CLIPTextModel: the id ", ids.max().item<std::int64_t>(), " is not in the table of ",
              token_table().size(0), " tokens; give an added token its row");
    return text_model->embeddings->token_embedding->forward(ids);
  }

  /// last_hidden_state, after the final norm, of embeddings without positions.  [B, T, hidden_size] -> [B, T,
  /// hidden_size]
  OPAD_ONCE Tensor encode(const Tensor& token_embeddings) const {
    require(token_embeddings.dim() == 3 && token_embeddings.size(1) <= config.max_position_embeddings &&
                token_embeddings.size(2) == config.hidden_size,
            "CLIPTextModel: token embeddings ", token_embeddings.sizes(), " instead of [B, up to ",
            config.max_position_embeddings, ", ", config.hidden_size, "]; truncate the prompt");
    const Tensor positions = text_model->embeddings->position_embedding->weight.narrow(0, 0, token_embeddings.size(1));
    return text_model->final_layer_norm->forward(
        text_model->encoder->forward(token_embeddings + positions, /*causal=*/true));
  }

  Tensor forward(const Tensor& ids) const { return encode(token_embedding(ids)); }

  /// The state at the end token.  [B, T, hidden_size], [B, T] -> [B, hidden_size]
  /// A config with eos_token_id 2, as in every published Stable Diffusion 2 folder, means "at the largest id".
  OPAD_ONCE Tensor pooled(const Tensor& last_hidden_state, const Tensor& ids) const {
    const Tensor place = (config.eos_token_id == 2 ? ids : ids.eq(config.eos_token_id).to(torch::kInt64)).argmax(1);
    return last_hidden_state.index({torch::arange(ids.size(0), ids.options()), place});
  }

  /// The projection into the space that texts share with images, not normalised.  [B, T] -> [B, projection_dim]
  OPAD_ONCE Tensor text_embeds(const Tensor& ids) const {
    require(text_projection != nullptr,
            "CLIPTextModel: no text_projection; load a CLIPTextModelWithProjection or a whole CLIP model");
    return text_projection->forward(pooled(forward(ids), ids));
  }
};

}  // namespace opad
