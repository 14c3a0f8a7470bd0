#pragma once
#include <filesystem>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/io/folder.hpp>
#include <opad/io/json.hpp>
#include <opad/text/byte_pair_encoding.hpp>

namespace opad {

/// A token beside the byte-pair vocabulary.
struct AddedToken {
  std::string content;
  std::optional<std::int64_t> id;  // the next free one where the file gives none
  bool normalized = true;          // sought in the normalised (lower-cased) text, not in the text as given
};

/// What the files of a CLIP tokenizer's folder say, in any of their forms:
///   vocab.json, merges.txt [, added_tokens.json]   transformers 4 and every published Stable Diffusion folder
///   tokenizer.json                                 transformers 5, read where there is no vocab.json
///   tokenizer_config.json, special_tokens_map.json either may be absent; the latter takes precedence
/// Special tokens are strings or objects with a "content". They are always sought in the text as given.
struct ClipTokenizerFiles {
  Vocabulary vocabulary;
  Merges merges;
  std::vector<AddedToken> added_tokens;
  std::string bos_token = "<|startoftext|>", eos_token = "<|endoftext|>";
  std::string unk_token = "<|endoftext|>", pad_token = "<|endoftext|>";
  std::int64_t model_max_length = 77;  // start and end included
  std::string where = "ClipTokenizer";

  static ClipTokenizerFiles read(const std::filesystem::path& folder);

 private:
  using Map = nlohmann::json;  // a vocabulary's keys are too many for Json

  static Map parse(const std::filesystem::path& path);

  static std::int64_t id_of(const Map& value, const std::string& token, const std::string& file);

  void read_vocabulary(const Map& json, const std::string& file);

  void read_merges(const std::filesystem::path& path);

  void add_merge(const std::string& line, const std::string& place);

  void read_fast(const Map& json, const std::string& file);

  void read_added(const std::filesystem::path& path);

  void add_described(const Map& token, const Map& id, const std::string& file);

  void read_config(const Map& json, const std::string& file);

  static std::string content_of(const Map& token, const std::string& what, const std::string& file);
};

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/text/detail/clip_tokenizer_files.hpp>
#endif
