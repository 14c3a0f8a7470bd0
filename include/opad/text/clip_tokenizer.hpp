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
/// U+FFFD. Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021, arXiv
/// 2103.00020.
class ClipTokenizer {
 public:
  OPAD_ONCE explicit ClipTokenizer(ClipTokenizerFiles files)
      : vocabulary_(std::move(files.vocabulary)),
        model_max_length_(files.model_max_length) {
    require(!vocabulary_.empty() && model_max_length_ >= 2, files.where,
            ": needs a vocabulary, and room for the start and end tokens");
    for (const auto& [token, id] : vocabulary_) size_ = std::max(size_, id + 1);
    const std::set<std::string> names = {files.bos_token, files.eos_token, files.unk_token, files.pad_token};
    auto& tokens = files.added_tokens;
    for (AddedToken& token : tokens) token.normalized = token.normalized && !names.contains(token.content);
    for (const std::string& name : names) tokens.push_back({.content = name, .id = {}, .normalized = false});
    const auto order = [](const AddedToken& token) {
      return token.id.value_or(std::numeric_limits<std::int64_t>::max());
    };
    std::stable_sort(tokens.begin(), tokens.end(),
                     [&](const AddedToken& a, const AddedToken& b) { return order(a) < order(b); });
    for (const AddedToken& token : tokens) declare(token, files.where);
    bos_ = vocabulary_.at(files.bos_token), eos_ = vocabulary_.at(files.eos_token),
    pad_ = vocabulary_.at(files.pad_token);
    encoding_ = BytePairEncoding(vocabulary_, files.merges, vocabulary_.at(files.unk_token), files.where);
  }

  OPAD_ONCE static ClipTokenizer from_pretrained(const std::filesystem::path& folder) {
    return ClipTokenizer(ClipTokenizerFiles::read(folder));
  }

  /// Adds a token that is found in the lower-cased text wherever it stands, and returns its id: the next free one.
  OPAD_ONCE std::int64_t add_token(const std::string& content) {
    if (const auto id = token_id(content))
      fail("ClipTokenizer: '", content, "' is a token already (id ", *id, "); choose another name");
    const std::u32string pattern = normalize(unicode::decode(content));
    for (const Pattern& other : added_)
      require(other.text != pattern, "ClipTokenizer: '", content, "' cannot be told from the token with the id ",
              other.id, ", since text is lower-cased; choose another name");
    return declare({.content = content, .id = {}}, "ClipTokenizer");
  }

  /// The id of an entry of the vocabulary ("dog</w>") or of an added token ("<new1>").
  std::optional<std::int64_t> token_id(const std::string& token) const {
    const auto found = vocabulary_.find(token);
    return found == vocabulary_.end() ? std::nullopt : std::optional(found->second);
  }

  /// Ids without start and end.
  OPAD_ONCE std::vector<std::int64_t> tokenize(std::string_view text) const {
    std::vector<std::int64_t> ids;
    const std::u32string points = unicode::decode(text);
    cut(points, special_, ids, [&](std::u32string_view raw) {
      const std::u32string normal = normalize(raw);
      cut(normal, added_, ids, [&](std::u32string_view plain) { encode_plain(plain, ids); });
    });
    return ids;
  }

  /// Ids with start and end, of any length.
  OPAD_ONCE std::vector<std::int64_t> encode(std::string_view text) const {
    auto ids = tokenize(text);
    ids.insert(ids.begin(), bos_);
    ids.push_back(eos_);
    return ids;
  }

  /// int64 [texts, model_max_length]: the end token closes each row, also a truncated one; then padding.
  OPAD_ONCE Tensor operator()(const std::vector<std::string>& texts) const {
    const auto rows = static_cast<std::int64_t>(texts.size());
    Tensor out = torch::full({rows, model_max_length_}, pad_, torch::kInt64);
    for (std::int64_t row = 0; row < rows; ++row) {
      auto ids = encode(texts[static_cast<std::size_t>(row)]);
      if (static_cast<std::int64_t>(ids.size()) > model_max_length_) {
        ids.resize(static_cast<std::size_t>(model_max_length_));
        ids.back() = eos_;
      }
      std::copy(ids.begin(), ids.end(), out.data_ptr<std::int64_t>() + row * model_max_length_);
    }
    return out;
  }

  /// The words of a text, as white space parts them, that fall outside the window or are cut by its end: what the text
  /// encoder never sees. (Of an added token with a space inside the words count one by one.)
  OPAD_ONCE std::vector<std::string> lost_words(std::string_view text) const {
    std::vector<std::string> lost;
    std::int64_t room = model_max_length_ - 2;  // beside start and end
    const std::u32string points = unicode::decode(text);
    for (auto word = points.begin(); word != points.end();) {
      word = std::find_if_not(word, points.end(), unicode::is_space);
      const auto end = std::find_if(word, points.end(), unicode::is_space);
      if (word == end) break;
      const std::string spelled = unicode::encode(std::u32string(word, end));
      room -= static_cast<std::int64_t>(tokenize(spelled).size());
      if (room < 0) lost.push_back(spelled);
      word = end;
    }
    return lost;
  }

  /// The largest of all ids, with the token it belongs to.
  OPAD_ONCE std::pair<std::string, std::int64_t> last_token() const {
    return *std::ranges::max_element(vocabulary_, {}, [](const auto& entry) { return entry.second; });
  }

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
OPAD_ONCE void require_rows(const ClipTokenizer& tokenizer, std::int64_t rows, const std::string& where) {
  if (tokenizer.size() <= rows) return;
  const auto [token, id] = tokenizer.last_token();
  fail(where, ": the tokenizer has ", tokenizer.size(), " tokens, the text encoder ", rows, " rows: none for '", token,
       "' (id ", id,
       "); give the tokenizer and the text encoder of one model, or take the token out of its "
       "added_tokens.json");
}

/// What to tell about a prompt that is longer than the tokenizer's window, with the words that are lost; "" where
/// nothing is.
OPAD_ONCE std::string lost_words_note(const ClipTokenizer& tokenizer, const std::string& prompt) {
  std::string words;
  for (const std::string& word : tokenizer.lost_words(prompt)) words += (words.empty() ? "" : " ") + word;
  if (words.empty()) return "";
  return c10::str("the prompt is longer than the ", tokenizer.model_max_length() - 2,
                  " tokens that the text encoder reads; lost: ", words);
}

/// Throws where a token stands in the part of a prompt that is cut off: it would be trained, or asked for, in vain.
OPAD_ONCE void require_seen(const ClipTokenizer& tokenizer, const std::string& prompt, const std::string& token) {
  for (const std::string& word : tokenizer.lost_words(prompt))
    if (word.find(token) != word.npos)
      fail("the token '", token, "' is not seen: ", lost_words_note(tokenizer, prompt), "; give a shorter prompt, or '",
           token, "' further in front");
}

}  // namespace opad
