#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <queue>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include <opad/core/error.hpp>
#include <opad/core/once.hpp>
#include <opad/text/unicode.hpp>

namespace opad {

/// vocab.json: the id of each token.
using Vocabulary = std::unordered_map<std::string, std::int64_t>;
/// merges.txt: pairs of pieces, the most frequent first.
using Merges = std::vector<std::pair<std::string, std::string>>;

/// The printable character that stands for each byte in vocab.json: itself where it prints, else one from U+0100 on.
inline std::array<std::string, 256> byte_characters() {
  std::array<std::string, 256> characters;
  char32_t other = 0x100;
  for (char32_t byte = 0; byte < 256; ++byte) {
    const bool prints = (byte > 0x20 && byte < 0x7F) || (byte > 0xA0 && byte != 0xAD);
    characters[byte] = unicode::encode(std::u32string(1, prints ? byte : other++));
  }
  return characters;
}

/// Byte-level byte-pair encoding with an end-of-word mark: a word's bytes are symbols, the last one marked "</w>"; the
/// adjacent pair that comes first in the list of merges (leftmost on a tie) becomes one symbol, until no pair is in the
/// list. O(n log n).
/// Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units", ACL 2016, arXiv 1508.07909; bytes:
/// GPT-2.
///   unknown  the id of a byte that the vocabulary lacks
///   where    the file's name, for error messages
/// Throws unless both parts of a merge and their concatenation are in the vocabulary.
class BytePairEncoding {
 public:
  BytePairEncoding() = default;
  BytePairEncoding(const Vocabulary& vocabulary, const Merges& merges, std::int64_t unknown, const std::string& where);

  /// Appends the ids of one word (its UTF-8 bytes).
  void encode(std::string_view word, std::vector<std::int64_t>& ids) const;

 private:
  static constexpr std::int64_t none = -1;
  struct Symbol {
    std::int64_t id, previous, next;  // a linked list; a symbol swallowed by the one before it has id none
  };
  struct Merge {
    std::int64_t rank, id;
  };

  static std::uint64_t pair(std::int64_t left, std::int64_t right) {
    return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint64_t>(right);
  }

  void merge_all(std::vector<Symbol>& symbols) const {
    using Candidate =
        std::tuple<std::int64_t, std::int64_t, std::int64_t>;  // rank, place of the left symbol, merged id
    std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates;
    const auto find = [&](std::int64_t left) {
      if (left == none || symbols[left].id == none || symbols[left].next == none) return merges_.end();
      return merges_.find(pair(symbols[left].id, symbols[symbols[left].next].id));
    };
    const auto offer = [&](std::int64_t left) {
      if (const auto found = find(left); found != merges_.end())
        candidates.emplace(found->second.rank, left, found->second.id);
    };
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) offer(static_cast<std::int64_t>(i));
    while (!candidates.empty()) {
      const auto [rank, place, id] = candidates.top();
      candidates.pop();
      const auto found = find(place);
      if (found == merges_.end() || found->second.id != id) continue;  // one of the two has been merged meanwhile
      Symbol& left = symbols[place];
      Symbol& right = symbols[left.next];
      left.id = id;
      left.next = right.next;
      right.id = none;
      if (left.next != none) symbols[left.next].previous = place;
      offer(left.previous);
      offer(place);
    }
  }

  std::array<std::int64_t, 256> inner_{}, last_{};
  std::unordered_map<std::uint64_t, Merge> merges_;
};

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/text/detail/byte_pair_encoding.hpp>
#endif
