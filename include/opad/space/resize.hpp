#pragma once
#include <cstdint>
#include <string_view>

#include <opad/core/tensor.hpp>

namespace opad {

/// How a rendered picture is brought to an encoder's size, with gradient.  [B, C, H, W] -> [B, C, height, width]

/// The mean over the pixels that an output pixel covers (adaptive average), also when it enlarges: torch's "area".
struct Area {
  static constexpr std::string_view name = "area";
  Tensor operator()(const Tensor& image, std::int64_t height, std::int64_t width) const {
    return at::adaptive_avg_pool2d(image, {height, width});
  }
};

/// Bilinear between the four nearest pixels, with half-pixel centres and without antialiasing: torch's "bilinear".
struct Bilinear {
  static constexpr std::string_view name = "bilinear";
  Tensor operator()(const Tensor& image, std::int64_t height, std::int64_t width) const {
    return at::upsample_bilinear2d(image, {height, width}, /*align_corners=*/false);
  }
};

}  // namespace opad
