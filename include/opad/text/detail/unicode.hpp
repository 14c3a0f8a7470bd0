#pragma once
#include <opad/text/unicode.hpp>

namespace opad {

namespace unicode {
OPAD_ONCE std::u32string decode(std::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (std::size_t i = 0; i < text.size();) {
    utf8proc_int32_t point = 0;
    const auto length = utf8proc_iterate(bytes + i, static_cast<utf8proc_ssize_t>(text.size() - i), &point);
    points.push_back(length > 0 ? static_cast<char32_t>(point) : U'\uFFFD');
    i += length > 0 ? static_cast<std::size_t>(length) : 1;
  }
  return points;
}

OPAD_ONCE std::string encode(std::u32string_view points) {
  std::string text;
  text.reserve(points.size());
  utf8proc_uint8_t bytes[4];
  for (const char32_t point : points)
    text.append(reinterpret_cast<char*>(bytes),
                static_cast<std::size_t>(utf8proc_encode_char(static_cast<utf8proc_int32_t>(point), bytes)));
  return text;
}

OPAD_ONCE std::u32string nfc(std::u32string_view text) {
  if (std::all_of(text.begin(), text.end(), [](char32_t point) { return point < 0x300; })) return std::u32string(text);
  std::vector<utf8proc_int32_t> points;
  points.reserve(text.size());
  for (const char32_t point : text) {
    utf8proc_int32_t parts[8];  // the longest canonical decomposition has four
    int boundary = 0;
    const auto length =
        utf8proc_decompose_char(static_cast<utf8proc_int32_t>(point), parts, 8, UTF8PROC_DECOMPOSE, &boundary);
    points.insert(points.end(), parts, parts + std::max<utf8proc_ssize_t>(length, 0));
  }
  const auto mark = [](utf8proc_int32_t point) { return utf8proc_get_property(point)->combining_class; };
  for (auto run = points.begin(); run != points.end();) {
    run = std::find_if(run, points.end(), [&](auto point) { return mark(point) != 0; });
    const auto end = std::find_if(run, points.end(), [&](auto point) { return mark(point) == 0; });
    std::stable_sort(run, end, [&](auto a, auto b) { return mark(a) < mark(b); });
    run = end;
  }
  const auto length = utf8proc_normalize_utf32(points.data(), static_cast<utf8proc_ssize_t>(points.size()),
                                               static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
  return {points.begin(), points.begin() + std::max<utf8proc_ssize_t>(length, 0)};
}

OPAD_ONCE std::u32string lower(std::u32string_view text) {
  const auto small = [](char32_t point) {
    const auto known = static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(point)));
    if (known != point || point < 0x1C89) return known;
    for (const auto& [range, distance] : detail::newer_capitals)
      if (detail::within(point, range)) return static_cast<char32_t>(static_cast<std::int32_t>(point) + distance);
    return known;
  };
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t point : text) {
    if (point == U'\u0130') out += U"i\u0307";
    else out += small(point);
  }
  return out;
}

OPAD_ONCE std::u32string collapse_spaces(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t point : text) {
    if (!is_space(point)) out += point;
    else if (out.empty() || out.back() != U' ') out += U' ';
  }
  return out;
}
}  // namespace unicode

}  // namespace opad
