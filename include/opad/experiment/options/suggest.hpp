#pragma once
#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <opad/core/once.hpp>

namespace opad {

/// Edit distance: the fewest insertions, deletions, replacements and swaps of neighbours that turn one word into the
/// other (optimal string alignment).
inline std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> before, above(to.size() + 1), row(to.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= from.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (from[i - 1] != to[j - 1])});
      const bool swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = std::exchange(above, row);
  }
  return above[to.size()];
}

/// The known word that was probably meant: the nearest by edit distance when it is near (at most a third of the letters
/// differ), else one whose last part (after the last dot) is the last part of `word`, else "".
inline std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  if (word.size() > 200) return "";  // the distance takes the product of the lengths
  const auto tail = [](std::string_view name) { return name.substr(name.rfind('.') + 1); };
  std::string best;
  std::size_t smallest = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const auto& name : known)
    if (const auto distance = edit_distance(word, name); distance < smallest) best = name, smallest = distance;
  if (best.empty())
    for (const auto& name : known)
      if (tail(name) == tail(word)) return name;
  return best;
}

/// `; did you mean "loss.identity.weight"?`, or "" when no known word is near.
OPAD_ONCE std::string did_you_mean(std::string_view word, const std::vector<std::string>& known,
                                   std::string_view dashes = "") {
  const auto name = nearest(word, known);
  return name.empty() ? "" : "; did you mean " + std::string(dashes) + name + "?";
}

}  // namespace opad
