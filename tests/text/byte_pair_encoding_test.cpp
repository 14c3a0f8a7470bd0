#include <opad/core/random.hpp>
#include <opad/text/byte_pair_encoding.hpp>

#include <set>

#include "support/catch.hpp"

using opad::BytePairEncoding;

namespace {

using Symbols = std::vector<std::string>;

/// Oracle: merges the earliest listed pair, leftmost first, until there is none.
Symbols merge_slowly(Symbols symbols, const opad::Merges& merges) {
  for (;;) {
    std::size_t best = merges.size(), place = 0;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i)
      for (std::size_t rank = 0; rank < best; ++rank)
        if (merges[rank] == std::pair(symbols[i], symbols[i + 1])) best = rank, place = i;
    if (best == merges.size()) return symbols;
    symbols[place] += symbols[place + 1];
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(place) + 1);
  }
}

Symbols letters(const std::string& word) {
  Symbols symbols;
  for (const char c : word) symbols.emplace_back(1, c);
  symbols.back() += "</w>";
  return symbols;
}

/// Merges of neighbours in random words of two letters: many ways to overlap.
opad::Merges random_merges(opad::Stream& stream, std::size_t count) {
  opad::Merges merges;
  std::set<std::pair<std::string, std::string>> known;
  for (int attempt = 0; attempt < 1000 && merges.size() < count; ++attempt) {
    std::string word;
    for (int i = 0; i < 12; ++i) word += stream.bernoulli(0.5) ? 'a' : 'b';
    const auto symbols = merge_slowly(letters(word), merges);
    if (symbols.size() < 2) continue;
    const auto i = static_cast<std::size_t>(stream.integer(0, static_cast<std::int64_t>(symbols.size()) - 1));
    if (known.emplace(symbols[i], symbols[i + 1]).second) merges.emplace_back(symbols[i], symbols[i + 1]);
  }
  return merges;
}

}  // namespace

TEST_CASE("Byte-pair encoding equals the definition on random merges and words", "[text][bpe]") {
  auto stream = opad::Random(3).stream("bpe");
  for (int round = 0; round < 30; ++round) {
    const auto merges = random_merges(stream, 12);
    opad::Vocabulary vocabulary;
    std::map<std::int64_t, std::string> names;
    const auto add = [&](const std::string& token) {
      if (vocabulary.emplace(token, static_cast<std::int64_t>(vocabulary.size())).second)
        names[vocabulary.at(token)] = token;
    };
    for (const char* token : {"a", "b", "a</w>", "b</w>"}) add(token);
    for (const auto& [left, right] : merges) add(left + right);
    const BytePairEncoding encoding(vocabulary, merges, 0, "test");
    for (int i = 0; i < 50; ++i) {
      std::string word;
      for (std::int64_t n = stream.integer(1, 30); n > 0; --n) word += stream.bernoulli(0.6) ? 'a' : 'b';
      std::vector<std::int64_t> ids;
      encoding.encode(word, ids);
      Symbols got;
      for (const auto id : ids) got.push_back(names.at(id));
      REQUIRE(got == merge_slowly(letters(word), merges));
    }
  }
}

TEST_CASE("A byte that the vocabulary lacks is the unknown token", "[text][bpe]") {
  const BytePairEncoding encoding({{"a", 1}, {"a</w>", 2}}, {}, 9, "test");
  std::vector<std::int64_t> ids;
  encoding.encode("aza", ids);
  REQUIRE(ids == std::vector<std::int64_t>{1, 9, 2});
  encoding.encode("", ids);
  REQUIRE(ids.size() == 3);
}

TEST_CASE("A merge of what the vocabulary lacks is refused", "[text][bpe]") {
  REQUIRE_THROWS_WITH(BytePairEncoding({{"a", 1}, {"b", 2}}, {{"a", "b"}}, 0, "merges.txt"),
                      ContainsSubstring("merges.txt: "
                                        "merge 1 needs "
                                        "'ab'"));
}

TEST_CASE("Every byte has its own printable character", "[text][bpe]") {
  const auto characters = opad::byte_characters();
  REQUIRE(std::set<std::string>(characters.begin(), characters.end()).size() == 256);
  REQUIRE(characters['a'] == "a");
  REQUIRE(characters[' '] == "\u0120");
  REQUIRE(characters[0] == "\u0100");
  REQUIRE(characters[0xAD] == "\u0143");
}
