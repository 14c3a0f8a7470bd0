#pragma once
#include <algorithm>
#include <limits>
#include <set>

#include <opad/core/once.hpp>
#include <opad/core/tensor.hpp>
#include <opad/text/clip_tokenizer_files.hpp>

namespace opad {

/// CLIP's tokenizer: text to the ids that the text encoder looks up.
///   special tokens (start, end, padding, unknown) are cut out of the text as given; the rest is brought into normal
///   form C, runs of white space become one space, letters lower case; added tokens (<new1>) are cut out of that, also
///   from inside a word; what remains is split into contractions ('s 't 're 've 'm 'll 'd), runs of letters, single
///   digits and runs of other characters, each encoded by byte-level byte-pair merges.
/// Reproduces the ids of transformers 5 (the Rust library `tokenizers`). Text is UTF-8; an invalid byte counts as
/// U+FFFD.
/// Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021, arXiv
/// 2103.00020.
class ClipTokenizer {
 public:
  explicit ClipTokenizer(ClipTokenizerFiles files);

  static ClipTokenizer from_pretrained(const std::filesystem::path& folder);

  /// Adds a token that is found in the lower-cased text wherever it stands, and returns its id: the next free one.
  std::int64_t add_token(const std::string& content);

  /// The id of an entry of the vocabulary ("dog</w>") or of an added token ("<new1>").
  std::optional<std::int64_t> token_id(const std::string& token) const {
    const auto found = vocabulary_.find(token);
    return found == vocabulary_.end() ? std::nullopt : std::optional(found->second);
  }

  /// Ids without start and end.
  std::vector<std::int64_t> tokenize(std::string_view text) const;

  /// Ids with start and end, of any length.
  std::vector<std::int64_t> encode(std::string_view text) const;

  /// int64 [texts, model_max_length]: the end token closes each row, also a truncated one; then padding.
  Tensor operator()(const std::vector<std::string>& texts) const;

  /// The words of a text, as white space parts them, that fall outside the window or are cut by its end: what the text
  /// encoder never sees. (Of an added token with a space inside the words count one by one.)
  std::vector<std::string> lost_words(std::string_view text) const;

  /// The largest of all ids, with the token it belongs to.
  std::pair<std::string, std::int64_t> last_token() const;

  /// Rows that a table of token embeddings needs: the largest id + 1.
  std::int64_t size() const { return size_; }
  std::int64_t model_max_length() const { return model_max_length_; }
  std::int64_t bos_token_id() const { return bos_; }
  std::int64_t eos_token_id() const { return eos_; }
  std::int64_t pad_token_id() const { return pad_; }

 private:
  struct Pattern {
    std::u32string text;
    std::int64_t id;
  };

  static std::u32string normalize(std::u32string_view text) {
    return unicode::lower(unicode::collapse_spaces(unicode::nfc(text)));
  }

  /// From now on the token is cut out of every text. Returns its id: its own, the vocabulary's, or the next free one.
  std::int64_t declare(const AddedToken& token, const std::string& where) {
    const std::u32string raw = unicode::decode(token.content), text = token.normalized ? normalize(raw) : raw;
    require(!std::all_of(text.begin(), text.end(), unicode::is_space), where, ": the added token '", token.content,
            "' is blank");
    if (!vocabulary_.contains(token.content)) {
      const std::int64_t id = token.id.value_or(size_);
      require(id >= size_, where, ": the added token '", token.content, "' asks for the id ", id,
              ", which is taken; the next free one is ", size_);
      vocabulary_.emplace(token.content, id);
      size_ = id + 1;
    }
    auto& patterns = token.normalized ? added_ : special_;
    patterns.push_back({text, vocabulary_.at(token.content)});
    return patterns.back().id;
  }

  /// Appends the ids of the patterns in the text, leftmost first and of those the longest; `rest` gets what lies
  /// between.
  template <class Rest>
  static void cut(std::u32string_view text, const std::vector<Pattern>& patterns, std::vector<std::int64_t>& ids,
                  const Rest& rest) {
    std::size_t start = 0;
    for (std::size_t i = 0; i < text.size();) {
      const Pattern* longest = nullptr;
      for (const Pattern& pattern : patterns)
        if (text.substr(i).starts_with(pattern.text) && (!longest || pattern.text.size() > longest->text.size()))
          longest = &pattern;
      if (!longest) {
        ++i;
        continue;
      }
      if (i > start) rest(text.substr(start, i - start));
      ids.push_back(longest->id);
      start = i += longest->text.size();
    }
    if (start < text.size()) rest(text.substr(start));
  }

  void encode_plain(std::u32string_view text, std::vector<std::int64_t>& ids) const {
    while (!text.empty()) {
      const std::size_t length = piece_length(text);
      for (std::u32string_view piece = text.substr(0, length); !piece.empty();) {
        const std::size_t word = word_length(piece);
        if (!unicode::is_space(piece[0])) encoding_.encode(unicode::encode(piece.substr(0, word)), ids);
        piece.remove_prefix(word);
      }
      text.remove_prefix(length);
    }
  }

  /// A special token's name that stood in upper case is no token, but nothing around it joins its parts.
  static std::size_t piece_length(std::u32string_view text) {
    for (const std::u32string_view name : {U"<|startoftext|>", U"<|endoftext|>"})
      if (text.starts_with(name)) return name.size();
    return word_length(text);
  }

  /// How far the word, or the space, at the front reaches.
  static std::size_t word_length(std::u32string_view text) {
    if (unicode::is_space(text[0]) || unicode::is_number(text[0])) return 1;
    for (const std::u32string_view contraction : {U"'s", U"'t", U"'re", U"'ve", U"'m", U"'ll", U"'d"})
      if (text.starts_with(contraction)) return contraction.size();
    const bool letters = unicode::is_letter(text[0]);
    const auto ends = [&](char32_t point) {
      return unicode::is_letter(point) != letters || unicode::is_number(point) || unicode::is_space(point);
    };
    return static_cast<std::size_t>(std::find_if(text.begin(), text.end(), ends) - text.begin());
  }

  Vocabulary vocabulary_;
  std::int64_t size_ = 0, model_max_length_, bos_ = 0, eos_ = 0, pad_ = 0;
  std::vector<Pattern> special_, added_;
  BytePairEncoding encoding_;
};

/// Throws unless a text encoder has a row for every token, those of added_tokens.json too: the id of one without would
/// be looked up elsewhere.
///   rows  of the text encoder's table;  where  the model's folder, for the message
void require_rows(const ClipTokenizer& tokenizer, std::int64_t rows, const std::string& where);

/// What to tell about a prompt that is longer than the tokenizer's window, with the words that are lost; "" where
/// nothing is.
std::string lost_words_note(const ClipTokenizer& tokenizer, const std::string& prompt);

/// Throws where a token stands in the part of a prompt that is cut off: it would be trained, or asked for, in vain.
void require_seen(const ClipTokenizer& tokenizer, const std::string& prompt, const std::string& token);

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/text/detail/clip_tokenizer.hpp>
#endif
