#pragma once
#include <opad/text/clip_tokenizer.hpp>

namespace opad {

OPAD_ONCE ClipTokenizer::ClipTokenizer(ClipTokenizerFiles files)
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

OPAD_ONCE ClipTokenizer ClipTokenizer::from_pretrained(const std::filesystem::path& folder) {
  return ClipTokenizer(ClipTokenizerFiles::read(folder));
}

OPAD_ONCE std::int64_t ClipTokenizer::add_token(const std::string& content) {
  if (const auto id = token_id(content))
    fail("ClipTokenizer: '", content, "' is a token already (id ", *id, "); choose another name");
  const std::u32string pattern = normalize(unicode::decode(content));
  for (const Pattern& other : added_)
    require(other.text != pattern, "ClipTokenizer: '", content, "' cannot be told from the token with the id ",
            other.id, ", since text is lower-cased; choose another name");
  return declare({.content = content, .id = {}}, "ClipTokenizer");
}

OPAD_ONCE std::vector<std::int64_t> ClipTokenizer::tokenize(std::string_view text) const {
  std::vector<std::int64_t> ids;
  const std::u32string points = unicode::decode(text);
  cut(points, special_, ids, [&](std::u32string_view raw) {
    const std::u32string normal = normalize(raw);
    cut(normal, added_, ids, [&](std::u32string_view plain) { encode_plain(plain, ids); });
  });
  return ids;
}

OPAD_ONCE std::vector<std::int64_t> ClipTokenizer::encode(std::string_view text) const {
  auto ids = tokenize(text);
  ids.insert(ids.begin(), bos_);
  ids.push_back(eos_);
  return ids;
}

OPAD_ONCE Tensor ClipTokenizer::operator()(const std::vector<std::string>& texts) const {
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

OPAD_ONCE std::vector<std::string> ClipTokenizer::lost_words(std::string_view text) const {
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

OPAD_ONCE std::pair<std::string, std::int64_t> ClipTokenizer::last_token() const {
  return *std::ranges::max_element(vocabulary_, {}, [](const auto& entry) { return entry.second; });
}

OPAD_ONCE void require_rows(const ClipTokenizer& tokenizer, std::int64_t rows, const std::string& where) {
  if (tokenizer.size() <= rows) return;
  const auto [token, id] = tokenizer.last_token();
  fail(where, ": the tokenizer has ", tokenizer.size(), " tokens, the text encoder ", rows, " rows: none for '", token,
       "' (id ", id,
       "); give the tokenizer and the text encoder of one model, or take the token out of its "
       "added_tokens.json");
}

OPAD_ONCE std::string lost_words_note(const ClipTokenizer& tokenizer, const std::string& prompt) {
  std::string words;
  for (const std::string& word : tokenizer.lost_words(prompt)) words += (words.empty() ? "" : " ") + word;
  if (words.empty()) return "";
  return c10::str("the prompt is longer than the ", tokenizer.model_max_length() - 2,
                  " tokens that the text encoder reads; lost: ", words);
}

OPAD_ONCE void require_seen(const ClipTokenizer& tokenizer, const std::string& prompt, const std::string& token) {
  for (const std::string& word : tokenizer.lost_words(prompt))
    if (word.find(token) != word.npos)
      fail("the token '", token, "' is not seen: ", lost_words_note(tokenizer, prompt), "; give a shorter prompt, or '",
           token, "' further in front");
}

}  // namespace opad
