#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>

#include <opad/core/tensor.hpp>
#include <opad/experiment/picture/font.hpp>

namespace opad {

using Colour = std::array<std::uint8_t, 3>;  // red, green, blue

namespace colours {
inline constexpr Colour white{255, 255, 255}, ink{34, 38, 46}, soft{112, 120, 132}, rule{222, 226, 232},
    panel{247, 248, 250}, blue{31, 111, 214};
}

/// A picture to draw on: bytes [H, W, 3], the origin at the top left. What lies outside is not drawn.
class Canvas {
 public:
  Canvas(std::int64_t width, std::int64_t height, Colour background = colours::white)
      : width_(width),
        height_(height),
        image_(torch::empty({height, width, 3}, torch::kUInt8)),
        bytes_(image_.data_ptr<std::uint8_t>()) {
    rectangle(0, 0, width, height, background);
  }

  const Tensor& image() const { return image_; }

  void rectangle(std::int64_t x, std::int64_t y, std::int64_t width, std::int64_t height, Colour colour) {
    const std::int64_t origin = 0;
    for (auto row = std::max(origin, y); row < std::min(height_, y + height); ++row)
      for (auto column = std::max(origin, x); column < std::min(width_, x + width); ++column)
        blend(column, row, colour, 1);
  }

  /// Text in one line, its top left corner at (x, y), every dot of the font `scale` pixels wide.
  void text(std::int64_t x, std::int64_t y, std::string_view utf8, Colour colour, int scale = 1) {
    for (const char character : font::ascii(utf8)) {
      for (int row = 0; row < font::height; ++row)
        for (int column = 0; column < font::width; ++column)
          if (font::dot(character, column, row)) rectangle(x + column * scale, y + row * scale, scale, scale, colour);
      x += font::advance * scale;
    }
  }
  static std::int64_t text_width(std::string_view utf8, int scale = 1) {
    const auto letters = static_cast<std::int64_t>(font::ascii(utf8).size());
    return letters == 0 ? 0 : (letters * font::advance - 1) * scale;
  }

  /// A picture, bytes [h, w, 3], every pixel `scale` pixels wide.
  void place(std::int64_t x, std::int64_t y, const Tensor& picture, std::int64_t scale = 1) {
    const auto large = picture.repeat_interleave(scale, 0).repeat_interleave(scale, 1);
    image_.narrow(0, y, large.size(0)).narrow(1, x, large.size(1)).copy_(large);
  }

  /// A straight line with soft edges.
  void line(double x0, double y0, double x1, double y1, Colour colour, double thickness = 1.5, double opacity = 1) {
    const double reach = thickness / 2 + 1, dx = x1 - x0, dy = y1 - y0, squared = dx * dx + dy * dy;
    const auto first = [](double low) { return std::max<std::int64_t>(0, static_cast<std::int64_t>(std::floor(low))); };
    const auto last = [](double high, std::int64_t end) {
      return std::min(end - 1, static_cast<std::int64_t>(std::ceil(high)));
    };
    for (auto row = first(std::min(y0, y1) - reach); row <= last(std::max(y0, y1) + reach, height_); ++row)
      for (auto column = first(std::min(x0, x1) - reach); column <= last(std::max(x0, x1) + reach, width_); ++column) {
        const double px = static_cast<double>(column) - x0, py = static_cast<double>(row) - y0;
        const double along = squared > 0 ? std::clamp((px * dx + py * dy) / squared, 0.0, 1.0) : 0;
        const double distance = std::hypot(px - along * dx, py - along * dy);
        blend(column, row, colour, opacity * std::clamp(thickness / 2 + 0.5 - distance, 0.0, 1.0));
      }
  }

 private:
  void blend(std::int64_t x, std::int64_t y, Colour colour, double share) {
    auto* const pixel = bytes_ + 3 * (y * width_ + x);
    for (int i = 0; i < 3; ++i)
      pixel[i] = static_cast<std::uint8_t>(std::lround(pixel[i] + share * (colour[i] - pixel[i])));
  }

  std::int64_t width_, height_;
  Tensor image_;
  std::uint8_t* bytes_;
};

}  // namespace opad
