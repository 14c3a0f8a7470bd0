#pragma once
#include <sstream>
#include <string>
#include <vector>

namespace opad {

/// Breaks a text at its spaces into lines of at most `width` characters; a longer word is cut. Never empty.
inline std::vector<std::string> wrap(const std::string& text, std::size_t width) {
  std::vector<std::string> lines(1);
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const std::size_t space = lines.back().empty() ? 0 : 1;
    if (lines.back().size() + space + word.size() <= width) {
      lines.back().append(space, ' ').append(word);
      continue;
    }
    if (space) lines.emplace_back();
    for (; word.size() > width; word.erase(0, width)) lines.back() = word.substr(0, width), lines.emplace_back();
    lines.back() = word;
  }
  return lines;
}

}  // namespace opad
