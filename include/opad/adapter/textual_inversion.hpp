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
std::string token_file_stem(const std::string& token);

/// Reads a learned embedding: what diffusers, the Custom Diffusion scripts and the web UI write (.safetensors, .bin,
/// .pt).
///   token  the name to give it; empty: the file's own, which is the name of the file where the web UI wrote it
LearnedEmbedding read_learned_embedding(const std::filesystem::path& path, const std::string& token = {});

/// Every learned embedding of a folder, in the order of their file names: learned_embeds*.*, files named after a token
/// in <...>, and every .safetensors whose one tensor is called as the file is, or as the web UI calls it.
std::vector<LearnedEmbedding> read_learned_embeddings(const std::filesystem::path& folder);

/// New rows of the text encoder's token table: one trainable tensor beside the frozen table, so that no gradient, no
/// weight decay and no copy ever concerns the other 49408 rows. Gal et al., "An Image is Worth One Word: Personalizing
/// Text-to-Image Generation using Textual Inversion", ICLR 2023, arXiv 2208.01618.
class TokenRows {
 public:
  /// Makes the tokens known to the tokenizer, each with a row for every vector of its embedding: <t>, <t>_1, <t>_2, ...
  /// Throws where a token exists already.
  TokenRows(ClipTokenizer& tokenizer, const std::vector<LearnedEmbedding>& embeddings);

  /// New tokens that start as copies of known ones: <new1> as the row of `corgi`.
  ///   table         the text encoder's, [vocabulary, width]
  ///   initializers  one for each token, each a single token of the vocabulary
  static TokenRows from_initializers(ClipTokenizer& tokenizer, const Tensor& table,
                                     const std::vector<std::string>& tokens,
                                     const std::vector<std::string>& initializers);

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
  Tensor embed(const Tensor& table, Tensor ids) const;

  /// The prompt with every token of several rows written out: "<t> dog" -> "<t> <t>_1 dog".
  std::string expand(std::string prompt) const;

  /// The rows as they are now, by token.
  std::vector<LearnedEmbedding> embeddings() const;

  /// Writes a file for each token, FOLDER/<new1>.safetensors, as diffusers' load_textual_inversion reads it
  /// (token_file_stem says which). A NaN or an infinity is refused.
  void save(const std::filesystem::path& folder) const;
  /// Copies the rows of a folder's learned embeddings over these.
  void load(const std::filesystem::path& folder) { load(read_learned_embeddings(folder), folder.string()); }
  /// Copies learned embeddings over the rows of the tokens of the same names; every token must be among them.
  ///   where  they come from, for error messages
  void load(const std::vector<LearnedEmbedding>& learned, const std::string& where);

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

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/adapter/detail/textual_inversion.hpp>
#endif
