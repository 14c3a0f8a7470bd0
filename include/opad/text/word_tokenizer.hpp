#pragma once
#include <filesystem>
#include <map>

#include <opad/io/atomic_file.hpp>
#include <opad/text/clip_tokenizer_files.hpp>

namespace opad {

/// Byte pairs to merge so that each of these words becomes one symbol: the most frequent adjacent pair first (the first
/// in the alphabet on a tie), until every word is one.  Sennrich et al., ACL 2016, arXiv 1508.07909.
inline Merges learn_merges(const std::vector<std::string>& words) {
  const auto characters = byte_characters();
  std::vector<std::vector<std::string>> symbols;
  for (const auto& word : words) {
    auto& parts = symbols.emplace_back();
    for (const char c : word) parts.push_back(characters[static_cast<unsigned char>(c)]);
    if (!parts.empty()) parts.back() += "</w>";
  }
  Merges merges;
  while (true) {
    std::map<std::pair<std::string, std::string>, int> counts;
    for (const auto& parts : symbols)
      for (std::size_t i = 0; i + 1 < parts.size(); ++i) ++counts[{parts[i], parts[i + 1]}];
    if (counts.empty()) return merges;
    const auto best = std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
                        return a.second < b.second;
                      })->first;
    merges.push_back(best);
    for (auto& parts : symbols)
      for (std::size_t i = 0; i + 1 < parts.size(); ++i)
        if (parts[i] == best.first && parts[i + 1] == best.second) {
          parts[i] += parts[i + 1];
          parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(i) + 1);
        }
  }
}

/// Writes the folder of a CLIP tokenizer (vocab.json, merges.txt, tokenizer_config.json, special_tokens_map.json) that
/// gives each of `words` one id and spells anything else in bytes. Layout of ids as in CLIP: bytes, bytes at a word's
/// end, merges, start, end. Pads with the end token.
///   model_max_length  tokens of a prompt, start and end included
/// Returns the size of the vocabulary.
inline std::int64_t save_word_tokenizer(const std::filesystem::path& folder, const std::vector<std::string>& words,
                                        std::int64_t model_max_length) {
  const auto characters = byte_characters();
  const Merges merges = learn_merges(words);
  Json vocabulary = Json::object();
  std::string lines = "#version: 0.2\n";
  std::int64_t next = 0;
  for (const std::string end : {"", "</w>"})
    for (const auto& c : characters) vocabulary[c + end] = next++;
  for (const auto& [left, right] : merges) {
    lines += left + " " + right + "\n";
    vocabulary[left + right] = next++;
  }
  const std::string bos = "<|startoftext|>", eos = "<|endoftext|>";
  vocabulary[bos] = next++;
  vocabulary[eos] = next++;
  const Json specials = {{"bos_token", bos}, {"eos_token", eos}, {"unk_token", eos}, {"pad_token", eos}};
  Json config = specials;
  config.update({{"model_max_length", model_max_length},
                 {"tokenizer_class", "CLIPTokenizer"},
                 {"do_lower_case", true},
                 {"errors", "replace"}});
  write_atomically(folder / "vocab.json", vocabulary.dump());
  write_atomically(folder / "merges.txt", lines);
  write_json(folder / "special_tokens_map.json", specials);
  write_json(folder / "tokenizer_config.json", config);
  return next;
}

}  // namespace opad
