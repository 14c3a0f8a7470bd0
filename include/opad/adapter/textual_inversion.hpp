#pragma once
#include <filesystem>
#include <set>

#include <opad/core/once.hpp>
#include <opad/core/tensor.hpp>
#include <opad/io/finite.hpp>
#include <opad/io/folder.hpp>
#include <opad/io/pickle.hpp>
#include <opad/io/safetensors.hpp>
#include <opad/text/clip_tokenizer.hpp>

namespace opad {

/// What the web UI calls every embedding in its .safetensors files; the token is the name of the file.
inline constexpr const char* web_ui_name = "emb_params";

/// A learned token: its name and its embedding, one row or several. Several rows stand for a sequence of tokens, <t>
/// <t>_1 <t>_2 ...
struct LearnedEmbedding {
  std::string token;
  Tensor rows;  // [k, width] float32
};

/// The name of the file, without ending, that a token's embedding is kept in: the token itself where that can be a
/// file's name and is not the name of other weights.
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

/// Reads a learned embedding: what diffusers, the Custom Diffusion scripts and the web UI write (.safetensors, .bin,
/// .pt).
///   token  the name to give it; empty: the file's own, which is the name of the file where the web UI wrote it
OPAD_ONCE LearnedEmbedding read_learned_embedding(const std::filesystem::path& path, const std::string& token = {}) {
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

/// Every learned embedding of a folder, in the order of their file names: learned_embeds*.*, files named after a token
/// in <...>, and every .safetensors whose one tensor is called as the file is, or as the web UI calls it.
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

/// New rows of the text encoder's token table: one trainable tensor beside the frozen table, so that no gradient, no
/// weight decay and no copy ever concerns the other 49408 rows. Gal et al., "An Image is Worth One Word: Personalizing
/// Text-to-Image Generation using Textual Inversion", ICLR 2023, arXiv 2208.01618.
class TokenRows {
 public:
  /// Makes the tokens known to the tokenizer, each with a row for every vector of its embedding: <t>, <t>_1, <t>_2, ...
  /// Throws where a token exists already.
  OPAD_ONCE TokenRows(ClipTokenizer& tokenizer, const std::vector<LearnedEmbedding>& embeddings)
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

  /// New tokens that start as copies of known ones: <new1> as the row of `corgi`.
  ///   table  the text encoder's, [vocabulary, width]      initializers  one for each token, each a single token of the
  ///   vocabulary
  OPAD_ONCE static TokenRows from_initializers(ClipTokenizer& tokenizer, const Tensor& table,
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

  /// New tokens that start as copies of given rows of the table.
  static TokenRows from_ids(ClipTokenizer& tokenizer, const Tensor& table, const std::vector<std::string>& tokens,
                            const std::vector<std::int64_t>& ids) {
    require(tokens.size() == ids.size(), "TokenRows: ", ids.size(), " initial rows for ", tokens.size(),
            " new tokens; give as many");
    std::vector<LearnedEmbedding> embeddings;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      require(0 <= ids[i] && ids[i] < table.size(0), "TokenRows: the initializer of '", tokens[i], "', id ", ids[i],
              ", has no row in the table");
      embeddings.push_back({tokens[i], table.detach().narrow(0, ids[i], 1)});
    }
    return TokenRows(tokenizer, embeddings);
  }

  /// The same tokens with rows of their own, as they are now.
  TokenRows clone() const {
    TokenRows copy = *this;
    copy.rows_ = rows_.detach().clone().set_requires_grad(true);
    return copy;
  }

  /// The trainable rows, [n, width].
  const Tensor& rows() const { return rows_; }
  void to(torch::Device device) { rows_.set_data(rows_.detach().to(device)); }
  /// The id of the first row; the others follow.
  std::int64_t first_id() const { return first_id_; }

  /// Token embeddings: ids from first_id on come from the rows, all others from the table. Gradient flows into the rows
  /// only.
  ///   table [vocabulary, width], ids [B, T] int64 -> [B, T, width]
  OPAD_ONCE Tensor embed(const Tensor& table, const Tensor& ids) const {
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
    const Tensor old = at::embedding(table.detach(), ids.clamp_max(first_id_ - 1));
    if (n == 0) return old;
    return at::where(ids.ge(first_id_).unsqueeze(-1), at::embedding(rows_, (ids - first_id_).clamp_min(0)), old);
  }

  /// The prompt with every token of several rows written out: "<t> dog" -> "<t> <t>_1 dog".
  OPAD_ONCE std::string expand(std::string prompt) const {
    for (const auto& [token, count] : tokens_) {
      if (count == 1) continue;
      std::string all = token;
      for (std::int64_t i = 1; i < count; ++i) all += c10::str(" ", token, "_", i);
      for (std::size_t at = 0; (at = prompt.find(token, at)) != std::string::npos; at += all.size())
        prompt.replace(at, token.size(), all);
    }
    return prompt;
  }

  /// The rows as they are now, by token.
  OPAD_ONCE std::vector<LearnedEmbedding> embeddings() const {
    std::vector<LearnedEmbedding> out;
    std::int64_t first = 0;
    for (const auto& [token, count] : tokens_) {
      out.push_back({token, rows_.detach().narrow(0, first, count).clone()});
      first += count;
    }
    return out;
  }

  /// Writes a file for each token, FOLDER/<new1>.safetensors, as diffusers' load_textual_inversion reads it
  /// (token_file_stem says which). A NaN or an infinity is refused.
  OPAD_ONCE void save(const std::filesystem::path& folder) const {
    std::filesystem::create_directories(folder);
    for (const auto& [token, rows] : embeddings())
      save_safetensors(folder / (token_file_stem(token) + ".safetensors"),
                       {{token, rows.size(0) == 1 ? rows[0] : rows}}, {}, Numbers::Finite);
  }
  /// Copies the rows of a folder's learned embeddings over these.
  void load(const std::filesystem::path& folder) { load(read_learned_embeddings(folder), folder.string()); }
  /// Copies learned embeddings over the rows of the tokens of the same names; every token must be among them.
  ///   where  they come from, for error messages
  OPAD_ONCE void load(const std::vector<LearnedEmbedding>& learned, const std::string& where) {
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

 private:
  struct Entry {
    std::string token;
    std::int64_t count;
  };
  std::vector<Entry> tokens_;
  std::int64_t first_id_;
  Tensor rows_;
};

}  // namespace opad
