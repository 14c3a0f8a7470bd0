#pragma once
#include <opad/models/clip_text_model.hpp>

namespace opad {

OPAD_ONCE CLIPTextConfig CLIPTextConfig::from_json(const Json& json, const std::string& where) {
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

OPAD_ONCE Json CLIPTextConfig::to_json(bool with_projection) const {
  Json json = {{"architectures", {with_projection ? "CLIPTextModelWithProjection" : "CLIPTextModel"}},
               {"model_type", "clip_text_model"}};
  CLIPTextConfig copy = *this;
  for (const auto& [key, value] : copy.integers()) json[key] = *value;
  json.update({{"hidden_act", hidden_act}, {"layer_norm_eps", layer_norm_eps}, {"torch_dtype", "float32"}});
  return json;
}

OPAD_ONCE CLIPTextModel::CLIPTextModel(const CLIPTextConfig& c, bool with_projection)
    : config(c),
      text_model(register_module("text_model", std::make_shared<ClipTextTransformer>(c))) {
  if (with_projection)
    text_projection =
        register_module("text_projection", std::make_shared<LinearLayer>(c.hidden_size, c.projection_dim, false));
}

OPAD_ONCE std::shared_ptr<CLIPTextModel> CLIPTextModel::from_pretrained(const std::filesystem::path& folder) {
  const auto config = CLIPTextConfig::from_json(read_clip_config(folder, "text"), (folder / "config.json").string());
  const Tensors tensors = read_clip_weights(folder, "text");
  auto model = std::make_shared<CLIPTextModel>(config, tensors.contains("text_projection.weight"));
  load_parameters(*model, tensors, folder.string());
  return model;
}

OPAD_ONCE void CLIPTextModel::save_pretrained(const std::filesystem::path& folder) const {
  CLIPTextConfig saved = config;
  saved.vocab_size = token_table().size(0);  // rows may have been added
  save_model_folder(folder, "model", *this, saved.to_json(text_projection != nullptr));
}

OPAD_ONCE Tensor CLIPTextModel::token_embedding(const Tensor& ids) const {  // [B, T] int64 -> [B, T, hidden_size]
  if (ids.is_cpu() && ids.numel() > 0)
    require(ids.min().item<std::int64_t>() >= 0 && ids.max().item<std::int64_t>() < token_table().size(0),
            "CLIPTextModel: the id ", ids.max().item<std::int64_t>(), " is not in the table of ", token_table().size(0),
            " tokens; give an added token its row");
  return text_model->embeddings->token_embedding->forward(ids);
}

OPAD_ONCE Tensor CLIPTextModel::encode(const Tensor& token_embeddings) const {
  require(token_embeddings.dim() == 3 && token_embeddings.size(1) <= config.max_position_embeddings &&
              token_embeddings.size(2) == config.hidden_size,
          "CLIPTextModel: token embeddings ", token_embeddings.sizes(), " instead of [B, up to ",
          config.max_position_embeddings, ", ", config.hidden_size, "]; truncate the prompt");
  const Tensor positions = text_model->embeddings->position_embedding->weight.narrow(0, 0, token_embeddings.size(1));
  return text_model->final_layer_norm->forward(
      text_model->encoder->forward(token_embeddings + positions, /*causal=*/true));
}

OPAD_ONCE Tensor CLIPTextModel::pooled(const Tensor& last_hidden_state, const Tensor& ids) const {
  const Tensor place = (config.eos_token_id == 2 ? ids : ids.eq(config.eos_token_id).to(torch::kInt64)).argmax(1);
  return last_hidden_state.index({torch::arange(ids.size(0), ids.options()), place});
}

OPAD_ONCE Tensor CLIPTextModel::text_embeds(const Tensor& ids) const {
  require(text_projection != nullptr,
          "CLIPTextModel: no text_projection; load a CLIPTextModelWithProjection or a whole CLIP model");
  return text_projection->forward(pooled(forward(ids), ids));
}

}  // namespace opad
