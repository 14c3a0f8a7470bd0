#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string_view>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/core/tensor.hpp>

namespace opad {

/// Pillow's resampling filters.
enum class Filter { Nearest, Bilinear, Bicubic, Lanczos };

/// A part of a picture in pixels, with fractions; the whole picture [W, H] is {0, 0, W, H}.
struct Box {
  float left, top, right, bottom;
};

namespace detail {

inline double filter_support(Filter filter) {
  return filter == Filter::Lanczos ? 3 : filter == Filter::Bicubic ? 2 : 1;
}

inline double filter_value(Filter filter, double x) {
  const auto sinc = [](double v) { return v == 0 ? 1.0 : std::sin(v * std::numbers::pi) / (v * std::numbers::pi); };
  if (filter == Filter::Lanczos) return -3 <= x && x < 3 ? sinc(x) * sinc(x / 3) : 0;
  x = std::abs(x);
  if (filter == Filter::Bilinear) return x < 1 ? 1 - x : 0;
  constexpr double a = -0.5;  // Keys's cubic convolution
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/// For each output position, where its inputs begin and their weights in units of 2^-22.
struct Taps {
  std::vector<std::int64_t> begin;
  std::vector<std::vector<std::int32_t>> weights;
};

inline constexpr int weight_bits = 22;

/// The weights of one axis: `size` outputs over the inputs' range [low, high). When shrinking, the filter is widened by
/// the scale, which is what prevents aliasing.
inline Taps taps(std::int64_t input, float low, float high, std::int64_t size, Filter filter) {
  const double scale = static_cast<double>(high - low) / static_cast<double>(size), width = std::max(scale, 1.0);
  const double support = filter_support(filter) * width, inverse = 1.0 / width;
  Taps result;
  for (std::int64_t i = 0; i < size; ++i) {
    const double centre = low + (static_cast<double>(i) + 0.5) * scale;
    const auto begin = std::max<std::int64_t>(static_cast<std::int64_t>(centre - support + 0.5), 0);
    const auto end = std::min(static_cast<std::int64_t>(centre + support + 0.5), input);
    std::vector<double> exact;
    double sum = 0;
    for (std::int64_t x = begin; x < end; ++x) {
      exact.push_back(filter_value(filter, (static_cast<double>(x) - centre + 0.5) * inverse));
      sum += exact.back();
    }
    std::vector<std::int32_t> fixed;
    for (double weight : exact) {
      if (sum != 0) weight /= sum;
      fixed.push_back(static_cast<std::int32_t>(std::copysign(0.5, weight) + weight * (1 << weight_bits)));
    }
    result.begin.push_back(begin);
    result.weights.push_back(std::move(fixed));
  }
  return result;
}

/// One row or column element from its taps, `step` bytes apart.
inline std::uint8_t weigh(const std::uint8_t* from, std::int64_t step, const std::vector<std::int32_t>& weights) {
  std::int32_t sum = 1 << (weight_bits - 1);
  for (const std::int32_t weight : weights) sum += *from * weight, from += step;
  return static_cast<std::uint8_t>(std::clamp(sum >> weight_bits, 0, 255));
}

inline Tensor resize_rows(const Tensor& image, const Taps& taps) {  // [H, W, 3] -> [H, w, 3]
  const std::int64_t height = image.size(0), stride = image.size(1) * 3,
                     width = static_cast<std::int64_t>(taps.begin.size());
  const Tensor out = torch::empty({height, width, 3}, torch::kUInt8);
  const std::uint8_t* from = image.data_ptr<std::uint8_t>();
  std::uint8_t* to = out.data_ptr<std::uint8_t>();
  for (std::int64_t y = 0; y < height; ++y, from += stride)
    for (std::int64_t x = 0; x < width; ++x)
      for (std::int64_t c = 0; c < 3; ++c) *to++ = weigh(from + taps.begin[x] * 3 + c, 3, taps.weights[x]);
  return out;
}

inline Tensor resize_columns(const Tensor& image, const Taps& taps) {  // [H, W, 3] -> [h, W, 3]
  const std::int64_t stride = image.size(1) * 3, height = static_cast<std::int64_t>(taps.begin.size());
  const Tensor out = torch::empty({height, image.size(1), 3}, torch::kUInt8);
  const std::uint8_t* const from = image.data_ptr<std::uint8_t>();
  std::uint8_t* to = out.data_ptr<std::uint8_t>();
  std::vector<std::int32_t> sums(
      static_cast<std::size_t>(stride));  // a whole row at a time, in the order of the memory
  for (std::int64_t y = 0; y < height; ++y, to += stride) {
    std::ranges::fill(sums, 1 << (weight_bits - 1));
    const std::uint8_t* row = from + taps.begin[y] * stride;
    for (const std::int32_t weight : taps.weights[y]) {
      for (std::int64_t x = 0; x < stride; ++x) sums[x] += row[x] * weight;
      row += stride;
    }
    for (std::int64_t x = 0; x < stride; ++x)
      to[x] = static_cast<std::uint8_t>(std::clamp(sums[x] >> weight_bits, 0, 255));
  }
  return out;
}

/// The pixel under the middle of each output pixel; positions are summed up step by step, as Pillow does.
inline Tensor nearest_positions(float low, float high, std::int64_t size, std::int64_t input) {
  const double step = static_cast<double>(high - low) / static_cast<double>(size);
  const Tensor positions = torch::empty({size}, torch::kInt64);
  double position = low + step * 0.5;
  for (std::int64_t i = 0; i < size; ++i, position += step)
    positions.data_ptr<std::int64_t>()[i] = std::min(static_cast<std::int64_t>(position), input - 1);
  return positions;
}

inline void require_picture(std::string_view who, const Tensor& image) {
  require(image.dim() == 3 && image.size(2) == 3 && image.numel() > 0 && image.scalar_type() == torch::kUInt8 &&
              image.is_cpu(),
          who, ": ", image.scalar_type(), " ", image.sizes(), " is no picture; give uint8 [H, W, 3] on the CPU");
}

}  // namespace detail

/// Pillow's Image.resize, to the byte: uint8 [H, W, 3] -> [height, width, 3]. Two passes in 22-bit fixed point, rounded
/// to bytes in between; a pass that changes nothing is left out. Rows are resized first, but columns where that loses
/// more than twice as many pixels of the height as of the width (since Pillow 13; older ones always begin with the
/// rows, which moves some bytes by 1). Shrinking smooths (antialiasing), but for Nearest. `box` is the part of the
/// picture that is taken.
Tensor resize(const Tensor& image, std::int64_t width, std::int64_t height, Filter filter, const Box& box);

/// The same of the whole picture.
Tensor resize(const Tensor& image, std::int64_t width, std::int64_t height, Filter filter);

/// A part of a picture, which must lie inside it.  [H, W, 3] -> [height, width, 3]
Tensor crop(const Tensor& image, std::int64_t left, std::int64_t top, std::int64_t width, std::int64_t height);

/// The mirror image, left and right exchanged.
inline Tensor flip(const Tensor& image) { return image.flip(1); }

/// torchvision's Resize(size): the shorter side becomes `size`, the longer one keeps the aspect ratio (truncated).
Tensor resize_shortest_edge(const Tensor& image, std::int64_t size, Filter filter);

/// torchvision's CenterCrop(size), of a picture that is not smaller.  [H, W, 3] -> [size, size, 3]
Tensor centre_crop(const Tensor& image, std::int64_t size);

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/io/detail/resize.hpp>
#endif
