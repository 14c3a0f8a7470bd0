#pragma once
#include <algorithm>
#include <vector>

#include <opad/core/random.hpp>
#include <opad/data/sprites/painter.hpp>

namespace opad::sprites {

/// What a style does to the whole picture once everything is painted.
namespace finishing {

/// Each pixel mixed with its neighbors, 1 : 2 : 1 along both axes, some times over. Edges repeat.
inline void blur(std::vector<int>& picture, std::int64_t side, int times) {  // [side, side, 3]
  std::vector<int> line(static_cast<std::size_t>(side));
  const auto smooth_line = [&](std::int64_t start, std::int64_t step) {
    for (std::int64_t i = 0; i < side; ++i) line[i] = picture[start + i * step];
    for (std::int64_t i = 0; i < side; ++i)
      picture[start + i * step] =
          (line[std::max<std::int64_t>(i - 1, 0)] + 2 * line[i] + line[std::min(i + 1, side - 1)] + 2) >> 2;
  };
  for (int i = 0; i < times; ++i)
    for (std::int64_t k = 0; k < side; ++k)
      for (std::int64_t channel = 0; channel < 3; ++channel) {
        smooth_line(3 * side * k + channel, 3);
        smooth_line(3 * k + channel, 3 * side);
      }
}

/// The frame of a poster.
inline void frame(Painter& p, double width, Rgb color) {
  for (const Path& bar : {rectangle(-1, -1, 101, width), rectangle(-1, 100 - width, 101, 101),
                          rectangle(-1, -1, width, 101), rectangle(100 - width, -1, 101, 101)})
    p.bare(bar, color);
}

/// The bare paper that a brush leaves along the edges of a sheet.
inline void deckle(Painter& p, Stream& random) {
  const Transform turns[] = {{}, {-1, 0, 100, 0, -1, 100}, {0, -1, 100, 1, 0, 0}, {0, 1, 0, -1, 0, 100}};
  for (const Transform& turn : turns) {
    Path edge{{-30, -30}, {-10, 7}};
    for (double x = 10; x <= 90; x += 16) edge.push_back({x, 3 + 7 * random.uniform()});
    edge.insert(edge.end(), {{110, 7}, {130, -30}});
    p.bare(turn(smooth(edge)), paper);
  }
}

}  // namespace finishing

/// Last strokes of a style on the canvas.
inline void frame_picture(Painter& overlay, Style style, Stream& random) {
  if (style == Style::Poster) finishing::frame(overlay, 6, {250, 244, 226});
  if (style == Style::Watercolor) finishing::deckle(overlay, random);
}

/// Wet paint (dry in the second edition), and the glow of neon light, in a finished picture.  uint8 [H, W, 3], changed
/// in place
inline void develop(Tensor& picture, Style style, Edition edition) {
  const bool wet = style == Style::Watercolor && edition == Edition::First;
  if (!wet && style != Style::Neon) return;
  const std::int64_t side = picture.size(0), n = picture.numel();
  const int passes = static_cast<int>((side * side + 2047) / 4096);  // the radius grows with the root of the passes
  auto* const pixels = picture.data_ptr<std::uint8_t>();
  std::vector<int> soft(pixels, pixels + n);
  if (style == Style::Watercolor) {
    finishing::blur(soft, side, passes);
    std::copy(soft.begin(), soft.end(), pixels);
  } else {
    for (int& value : soft) value = std::max(0, value - 90);
    finishing::blur(soft, side, 6 * passes + 2);
    for (std::int64_t i = 0; i < n; ++i) pixels[i] = static_cast<std::uint8_t>(std::min(255, pixels[i] + soft[i]));
  }
}

}  // namespace opad::sprites
