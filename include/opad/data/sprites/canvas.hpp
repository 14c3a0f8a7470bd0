#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <opad/core/tensor.hpp>
#include <opad/data/sprites/attributes.hpp>
#include <opad/data/sprites/geometry.hpp>

namespace opad::sprites {

/// (256 - share)/256 of a and share/256 of b.
constexpr Rgb mix(Rgb a, Rgb b, int share) {
  const auto channel = [share](int p, int q) {
    return static_cast<std::uint8_t>((p * (256 - share) + q * share + 128) >> 8);
  };
  return {channel(a.r, b.r), channel(a.g, b.g), channel(a.b, b.b)};
}

/// The color with every channel times factor/256, up to white.
constexpr Rgb shade(Rgb color, int factor) {
  const auto channel = [factor](int value) {
    return static_cast<std::uint8_t>(std::clamp((value * factor + 128) >> 8, 0, 255));
  };
  return {channel(color.r), channel(color.g), channel(color.b)};
}

/// A square of samples, four by four for each pixel, that polygons are filled into; reduce() averages them to pixels.
/// Corners are snapped to 1/256 of a sample and everything after that is integer arithmetic: the last bits of a
/// machine's floating-point functions do not reach the picture.
class Canvas {
 public:
  static constexpr std::int64_t oversampling = 4;

  explicit Canvas(std::int64_t resolution)
      : resolution_(resolution),
        side_(oversampling * resolution),
        samples_(static_cast<std::size_t>(side_ * side_)),
        first_(side_ + 1) {}

  std::int64_t resolution() const { return resolution_; }
  std::int64_t side() const { return side_; }

  /// Sets each sample inside the polygon (in samples) to paint(row)(x, y, sample as it is). paint(row) is called once a
  /// row.
  template <class Paint>
  void fill(const Path& polygon, Paint&& paint) {
    collect(polygon);
    for (std::int64_t row = top_; row < bottom_; ++row) {
      auto begin = crossings_.begin() + first_[row], end = crossings_.begin() + first_[row + 1];
      if (begin == end) continue;
      std::sort(begin, end, [](const Crossing& a, const Crossing& b) { return a.x < b.x; });
      const auto color = paint(row);
      Rgb* const samples = samples_.data() + row * side_;
      int winding = 0;
      for (auto it = begin; it + 1 < end; ++it) {
        winding += it->direction;
        if (winding == 0) continue;
        const std::int64_t last = std::min<std::int64_t>((it + 1)->x, side_);
        for (std::int64_t x = std::max<std::int64_t>(it->x, 0); x < last; ++x) samples[x] = color(x, samples[x]);
      }
    }
  }

  std::int64_t top() const { return top_; }  // rows of the polygon that is being filled
  std::int64_t bottom() const { return bottom_; }

  /// The picture: uint8 [H, W, 3].
  Tensor reduce() const {
    constexpr int n = oversampling;
    Tensor picture = torch::empty({resolution_, resolution_, 3}, torch::kUInt8);
    auto* out = picture.data_ptr<std::uint8_t>();
    for (std::int64_t y = 0; y < resolution_; ++y)
      for (std::int64_t x = 0; x < resolution_; ++x) {
        int r = 0, g = 0, b = 0;
        for (int j = 0; j < n; ++j)
          for (int i = 0; i < n; ++i) {
            const Rgb& sample = samples_[(n * y + j) * side_ + n * x + i];
            r += sample.r, g += sample.g, b += sample.b;
          }
        for (const int sum : {r, g, b}) *out++ = static_cast<std::uint8_t>((sum + n * n / 2) / (n * n));
      }
    return picture;
  }

 private:
  struct Crossing {
    std::int32_t x, direction;  // first sample to the right of the edge
  };
  struct Edge {
    std::int64_t x0, y0, x1, y1;
    std::int32_t direction;
    std::int64_t first, last;  // rows
  };

  static std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b != 0 && (a ^ b) < 0); }

  /// Crossings of the polygon's edges with the centers of rows, row by row, in crossings_[first_[row] .. first_[row +
  /// 1]).
  void collect(const Path& polygon) {
    edges_.clear();
    std::fill(first_.begin(), first_.end(), 0);
    top_ = side_, bottom_ = 0;
    const auto snap = [](double v) { return static_cast<std::int64_t>(std::llround(256 * v)); };
    for (std::size_t i = 0; i < polygon.size(); ++i) {
      const Point p = polygon[i], q = polygon[i + 1 == polygon.size() ? 0 : i + 1];
      Edge edge{snap(p.x), snap(p.y), snap(q.x), snap(q.y), 1, 0, 0};
      if (edge.y0 > edge.y1) std::swap(edge.x0, edge.x1), std::swap(edge.y0, edge.y1), edge.direction = -1;
      edge.first = std::max<std::int64_t>(0, floor_div(edge.y0 + 127, 256));  // centers y with y0 <= y < y1
      edge.last = std::min(side_, floor_div(edge.y1 + 127, 256));
      if (edge.first >= edge.last) continue;
      top_ = std::min(top_, edge.first), bottom_ = std::max(bottom_, edge.last);
      for (std::int64_t row = edge.first; row < edge.last; ++row) ++first_[row + 1];
      edges_.push_back(edge);
    }
    for (std::size_t row = 1; row < first_.size(); ++row) first_[row] += first_[row - 1];
    crossings_.resize(static_cast<std::size_t>(first_.back()));
    next_.assign(first_.begin(), first_.end() - 1);
    for (const Edge& edge : edges_)
      for (std::int64_t row = edge.first; row < edge.last; ++row) {
        const std::int64_t x =
            edge.x0 + floor_div((256 * row + 128 - edge.y0) * (edge.x1 - edge.x0), edge.y1 - edge.y0);
        crossings_[next_[row]++] = {
            static_cast<std::int32_t>(std::clamp<std::int64_t>(floor_div(x + 127, 256), -1, side_)), edge.direction};
      }
  }

  std::int64_t resolution_, side_, top_ = 0, bottom_ = 0;
  std::vector<Rgb> samples_;
  std::vector<Edge> edges_;
  std::vector<Crossing> crossings_;
  std::vector<std::int64_t> first_, next_;
};

}  // namespace opad::sprites
