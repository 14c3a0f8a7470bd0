#pragma once
#include <opad/adapter/textual_inversion.hpp>

namespace opad {

OPAD_ONCE std::string token_file_stem(const std::string& token) {
  constexpr std::size_t longest = 200;  // with endings, and with what a temporary name adds, within 255 bytes
  static const std::set<std::string> taken{"pytorch_custom_diffusion_weights",
                                           "pytorch_lora_weights",
                                           "unet_changes",
                                           "learned_embeds",
                                           "adapter_model",
                                           "diffusion_pytorch_model",
                                           "model",
                                           "state"};
  const bool safe = token.find_first_of(std::string_view("/\0", 2)) == token.npos && !token.starts_with('.') &&
                    token.size() <= longest && !taken.contains(token);
  return safe ? token : "learned_embeds-" + detail::checksum(token.data(), token.size());
}

OPAD_ONCE LearnedEmbedding read_learned_embedding(const std::filesystem::path& path, const std::string& token) {
  const std::string where = path.string();
  LearnedEmbedding learned{token, {}};
  const auto take = [&](const std::string& name, const Tensor& rows) {
    learned = {token.empty() ? name : token, rows};
  };
  if (path.extension() == ".safetensors") {
    const Tensors tensors = SafeTensors(path).tensors();
    require(!tensors.contains("clip_l") && !tensors.contains("clip_g"), where,
            ": was made for the two text encoders of Stable Diffusion XL; give one for this text encoder");
    require(tensors.size() == 1, where, ": holds ", tensors.size(), " tensors, not one learned embedding");
    const auto& [name, rows] = *tensors.begin();
    take(name == web_ui_name ? path.stem().string() : name, rows);
  } else {
    const Pickled pickled = read_pickle(path);
    const auto* const entries = pickled.as<PickledDict>();
    const auto *const params = pickled.find("string_to_param"), *const name = pickled.find("name");
    if (const auto* const tensor = pickled.as<Tensor>()) {
      require(!token.empty(), where, ": holds an embedding without a name; say which token it is for");
      learned.rows = *tensor;
    } else if (entries && entries->size() == 1 && entries->front().key.as<std::string>() &&
               entries->front().value.as<Tensor>()) {
      take(*entries->front().key.as<std::string>(), *entries->front().value.as<Tensor>());
    } else if (params && params->find("*") && params->find("*")->as<Tensor>() && name &&
               name->as<std::string>()) {  // the web UI's form
      take(*name->as<std::string>(), *params->find("*")->as<Tensor>());
    }
  }
  require(learned.rows.defined() && learned.rows.is_floating_point() &&
              (learned.rows.dim() == 1 || learned.rows.dim() == 2) && learned.rows.numel() > 0 &&
              !learned.token.empty(),
          where, ": not a learned embedding; expected {token: [width]}, {token: [k, width]} or the web UI's form");
  require_finite(learned.token, learned.rows, where);
  learned.rows = learned.rows.to(torch::kFloat32).reshape({-1, learned.rows.size(-1)}).clone();
  return learned;
}

OPAD_ONCE std::vector<LearnedEmbedding> read_learned_embeddings(const std::filesystem::path& folder) {
  std::map<std::string, std::filesystem::path> files;  // by stem: .bin and .safetensors of one name are one embedding
  for (const auto& entry : entries_of(folder)) {
    const std::string stem = entry.path().stem().string(), ending = entry.path().extension().string();
    if ((ending != ".safetensors" && ending != ".bin" && ending != ".pt") || !is_file(entry)) continue;
    bool learned = stem.starts_with("learned_embeds") || (stem.starts_with('<') && stem.ends_with('>'));
    if (!learned && ending == ".safetensors") {
      const auto names = tensor_names(entry.path());
      learned = names.size() == 1 && (names[0] == stem || names[0] == web_ui_name);
    }
    if (!learned) continue;
    if (auto& file = files[stem]; file.empty() || ending == ".safetensors") file = entry.path();
  }
  std::vector<LearnedEmbedding> embeddings;
  for (const auto& [stem, file] : files) embeddings.push_back(read_learned_embedding(file));
  return embeddings;
}

OPAD_ONCE TokenRows::TokenRows(ClipTokenizer& tokenizer, const std::vector<LearnedEmbedding>& embeddings)
    : first_id_(tokenizer.size()) {
  std::vector<Tensor> rows;
  for (const auto& [token, vectors] : embeddings) {
    require(vectors.dim() == 2 && vectors.size(0) > 0 && vectors.size(1) == embeddings[0].rows.size(1),
            "TokenRows: the embedding of '", token, "' is ", vectors.sizes(),
            "; give [k, width], of one width for all tokens");
    tokens_.push_back({token, vectors.size(0)});
    for (std::int64_t i = 0; i < vectors.size(0); ++i) tokenizer.add_token(i == 0 ? token : c10::str(token, "_", i));
    rows.push_back(vectors.detach());
  }
  rows_ = (rows.empty() ? torch::empty({0, 0}) : at::cat(rows).to(torch::kFloat32)).set_requires_grad(true);
}

OPAD_ONCE TokenRows TokenRows::from_initializers(ClipTokenizer& tokenizer, const Tensor& table,
                                                 const std::vector<std::string>& tokens,
                                                 const std::vector<std::string>& initializers) {
  require(tokens.size() == initializers.size(), "TokenRows: ", initializers.size(), " initializer tokens for ",
          tokens.size(), " new tokens; give as many");
  std::vector<std::int64_t> ids;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const auto pieces = tokenizer.tokenize(initializers[i]);
    require(pieces.size() == 1, "TokenRows: the initializer '", initializers[i], "' of '", tokens[i], "' is ",
            pieces.size(), " tokens; choose a word that is one");
    ids.push_back(pieces[0]);
  }
  return from_ids(tokenizer, table, tokens, ids);
}

OPAD_ONCE Tensor TokenRows::embed(const Tensor& table, Tensor ids) const {
  const std::int64_t n = rows_.size(0);
  require(first_id_ <= table.size(0), "TokenRows: the tokenizer has ", first_id_, " tokens, the text encoder ",
          table.size(0), " rows; give the tokenizer of this text encoder");
  require(n == 0 || rows_.size(1) == table.size(1), "TokenRows: rows of width ", rows_.size(1),
          " beside a table of width ", table.size(1), "; was the embedding made for another text encoder?");
  if (ids.is_cpu() && ids.numel() > 0) {
    const auto [low, high] = at::aminmax(ids);
    require(low.item<std::int64_t>() >= 0 && high.item<std::int64_t>() < first_id_ + n, "TokenRows: ids from ",
            low.item<std::int64_t>(), " to ", high.item<std::int64_t>(), ", but only ", first_id_ + n,
            " tokens are known");
  }
  ids = to_device(ids, table.device());  // only now: looking at them there would wait for it
  const Tensor old = at::embedding(table.detach(), ids.clamp_max(first_id_ - 1));
  if (n == 0) return old;
  return at::where(ids.ge(first_id_).unsqueeze(-1), at::embedding(rows_, (ids - first_id_).clamp_min(0)), old);
}

OPAD_ONCE std::string TokenRows::expand(std::string prompt) const {
  for (const auto& [token, count] : tokens_) {
    if (count == 1) continue;
    std::string all = token;
    for (std::int64_t i = 1; i < count; ++i) all += c10::str(" ", token, "_", i);
    for (std::size_t at = 0; (at = prompt.find(token, at)) != std::string::npos; at += all.size())
      prompt.replace(at, token.size(), all);
  }
  return prompt;
}

OPAD_ONCE std::vector<LearnedEmbedding> TokenRows::embeddings() const {
  std::vector<LearnedEmbedding> out;
  std::int64_t first = 0;
  for (const auto& [token, count] : tokens_) {
    out.push_back({token, rows_.detach().narrow(0, first, count).clone()});
    first += count;
  }
  return out;
}

OPAD_ONCE void TokenRows::save(const std::filesystem::path& folder) const {
  std::filesystem::create_directories(folder);
  for (const auto& [token, rows] : embeddings())
    save_safetensors(folder / (token_file_stem(token) + ".safetensors"), {{token, rows.size(0) == 1 ? rows[0] : rows}},
                     {}, Numbers::Finite);
}

OPAD_ONCE void TokenRows::load(const std::vector<LearnedEmbedding>& learned, const std::string& where) {
  std::map<std::string, Tensor> found;
  for (const auto& [token, rows] : learned) found.emplace(token, rows);
  torch::NoGradGuard no_grad;
  for (auto& [token, own] : embeddings()) {
    require(found.contains(token), where, ": no learned embedding of '", token, "' here");
    require(found.at(token).sizes() == own.sizes(), where, ": the embedding of '", token, "' is ",
            found.at(token).sizes(), " instead of ", own.sizes());
  }
  std::int64_t first = 0;
  for (const auto& [token, count] : tokens_) {
    rows_.narrow(0, first, count).copy_(found.at(token));
    first += count;
  }
}

}  // namespace opad
