#pragma once
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

#include <opad/core/error.hpp>

namespace opad {

/// "0.783", "-0.021" or, with its sign, "+0.021"; never "-0.000"; "" for what is no number.
inline std::string decimal(double value, int digits = 3, bool sign = false) {
  if (!std::isfinite(value)) return "";
  if (std::abs(value) < 0.5 * std::pow(10.0, -digits)) value = 0;
  char text[64];
  std::snprintf(text, sizeof text, sign ? "%+.*f" : "%.*f", digits, value);
  return text;
}

}  // namespace opad

/// The pieces of self-contained HTML pages: of one run (experiment/run/run_report.hpp) and of a sweep
/// (experiment/sweep/report.hpp). They work offline, with keyboard and screen reader, in light and dark, on a narrow
/// screen, on paper, and, but for hiding and enlarging, without scripts.
namespace opad::page {

/// Text as HTML.
inline std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '"') out += "&quot;";
    else out += c;
  }
  return out;
}

/// ` name="value"`, or nothing for an empty value.
inline std::string attribute(std::string_view name, std::string_view value) {
  return value.empty() ? "" : c10::str(" ", name, "=\"", escape(value), "\"");
}

/// Bytes as text, for a data URL. RFC 4648.
inline std::string base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) out += i + k <= bytes.size() ? digits[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

/// A relative path as the address of a link.
inline std::string url(const std::filesystem::path& path) {
  std::string out;
  for (const char c : path.generic_string()) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    char text[4] = {c, 0, 0, 0};
    if (!plain) std::snprintf(text, sizeof text, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
    out += text;
  }
  return out;
}

/// The spot in the colour of the i-th line of charts that stands before its name: ten colours, then other shapes.
inline std::string key(std::size_t i) {
  return c10::str("<span class=\"key k", i % 10, " s", i / 10 % 3, "\" aria-hidden=\"true\"></span>");
}

}  // namespace opad::page
