#pragma once
#include <opad/text/byte_pair_encoding.hpp>

namespace opad {

OPAD_ONCE BytePairEncoding::BytePairEncoding(const Vocabulary& vocabulary, const Merges& merges, std::int64_t unknown,
                                             const std::string& where) {
  const auto characters = byte_characters();
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const auto inner = vocabulary.find(characters[byte]), last = vocabulary.find(characters[byte] + "</w>");
    inner_[byte] = inner == vocabulary.end() ? unknown : inner->second;
    last_[byte] = last == vocabulary.end() ? unknown : last->second;
  }
  const auto id = [&](const std::string& token, std::size_t rank) {
    const auto found = vocabulary.find(token);
    require(found != vocabulary.end(), where, ": merge ", rank + 1, " needs '", token,
            "', which the vocabulary lacks; are merges and vocabulary from one tokenizer?");
    return found->second;
  };
  merges_.reserve(merges.size());
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    const auto& [left, right] = merges[rank];
    merges_[pair(id(left, rank), id(right, rank))] = {static_cast<std::int64_t>(rank), id(left + right, rank)};
  }
}

OPAD_ONCE void BytePairEncoding::encode(std::string_view word, std::vector<std::int64_t>& ids) const {
  if (word.empty()) return;
  std::vector<Symbol> symbols(word.size());
  const auto n = static_cast<std::int64_t>(word.size());
  for (std::int64_t i = 0; i < n; ++i) {
    const auto byte = static_cast<unsigned char>(word[i]);
    symbols[i] = {.id = i + 1 < n ? inner_[byte] : last_[byte], .previous = i - 1, .next = i + 1 < n ? i + 1 : none};
  }
  merge_all(symbols);
  for (std::int64_t i = 0; i != none; i = symbols[i].next) ids.push_back(symbols[i].id);
}

}  // namespace opad
