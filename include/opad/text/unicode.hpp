#pragma once
#include <utf8proc.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <opad/core/once.hpp>

/// What the tokenizer asks of Unicode. Tables: utf8proc.
namespace opad::unicode {

/// Code points of UTF-8 text. A byte that belongs to no valid sequence becomes U+FFFD.
std::u32string decode(std::string_view text);

/// Code points as UTF-8.
std::string encode(std::u32string_view points);

namespace detail {

using Range = std::pair<char32_t, char32_t>;  // first and last

/// The letters and numbers of Unicode 15.1 and 16, which Debian 12's utf8proc (Unicode 15.0) takes for unassigned.
inline constexpr Range newer_letters[] = {
    {0x1C89, 0x1C8A},   {0xA7CB, 0xA7CD},   {0xA7DA, 0xA7DC},   {0x105C0, 0x105F3}, {0x10D4A, 0x10D65},
    {0x10D6F, 0x10D85}, {0x10EC2, 0x10EC4}, {0x11380, 0x11389}, {0x1138B, 0x1138B}, {0x1138E, 0x1138E},
    {0x11390, 0x113B5}, {0x113B7, 0x113B7}, {0x113D1, 0x113D1}, {0x113D3, 0x113D3}, {0x11BC0, 0x11BE0},
    {0x13460, 0x143FA}, {0x16100, 0x1611D}, {0x16D40, 0x16D6C}, {0x18CFF, 0x18CFF}, {0x1E5D0, 0x1E5ED},
    {0x1E5F0, 0x1E5F0}, {0x2EBF0, 0x2EE5D}};
inline constexpr Range newer_numbers[] = {{0x10D40, 0x10D49}, {0x116D0, 0x116E3}, {0x11BF0, 0x11BF9},
                                          {0x16130, 0x16139}, {0x16D70, 0x16D79}, {0x1CCF0, 0x1CCF9},
                                          {0x1E5F1, 0x1E5FA}};
/// The capitals of Unicode 16 and 17, and how far their small letters are away.
inline constexpr std::pair<Range, int> newer_capitals[] = {
    {{0x1C89, 0x1C89}, 1},      {{0xA7CB, 0xA7CB}, 0x264 - 0xA7CB},
    {{0xA7CC, 0xA7CC}, 1},      {{0xA7CE, 0xA7CE}, 1},
    {{0xA7D2, 0xA7D2}, 1},      {{0xA7D4, 0xA7D4}, 1},
    {{0xA7DA, 0xA7DA}, 1},      {{0xA7DC, 0xA7DC}, 0x19B - 0xA7DC},
    {{0x10D50, 0x10D65}, 0x20}, {{0x16EA0, 0x16EB8}, 0x1B}};

constexpr bool within(char32_t point, const Range& range) { return range.first <= point && point <= range.second; }

template <std::size_t N>
bool is_of(char32_t point, utf8proc_category_t first, utf8proc_category_t last, const Range (&newer)[N]) {
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(point));
  if (category == UTF8PROC_CATEGORY_CN)
    return std::any_of(std::begin(newer), std::end(newer), [&](const Range& range) { return within(point, range); });
  return category >= first && category <= last;
}

}  // namespace detail

inline bool is_letter(char32_t point) {  // \p{L}
  return detail::is_of(point, UTF8PROC_CATEGORY_LU, UTF8PROC_CATEGORY_LO, detail::newer_letters);
}

inline bool is_number(char32_t point) {  // \p{N}
  return detail::is_of(point, UTF8PROC_CATEGORY_ND, UTF8PROC_CATEGORY_NO, detail::newer_numbers);
}

inline bool is_space(char32_t point) {  // \s: the property White_Space
  return (point >= 0x9 && point <= 0xD) || point == 0x20 || point == 0x85 || point == 0xA0 || point == 0x1680 ||
         (point >= 0x2000 && point <= 0x200A) || point == 0x2028 || point == 0x2029 || point == 0x202F ||
         point == 0x205F || point == 0x3000;
}

/// Normal form C. Marks are sorted here, not by utf8proc, whose time is quadratic in the length of a run of marks.
std::u32string nfc(std::u32string_view text);

/// Lower case, each code point by itself (so a final sigma stays as it is); U+0130 becomes two.
std::u32string lower(std::u32string_view text);

/// Each run of white space becomes one space.
std::u32string collapse_spaces(std::u32string_view text);

}  // namespace opad::unicode

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/text/detail/unicode.hpp>
#endif
