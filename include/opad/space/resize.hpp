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

/// The picture in the middle of a canvas of zeros, not resized: a variant of the released script.
/// Throws  opad::Error where the picture is larger than the canvas.
struct ZeroPad {
  static constexpr std::string_view name = "zero-pad";
  Tensor operator()(const Tensor& image, std::int64_t height, std::int64_t width) const {
    const std::int64_t rows = height - image.size(2), columns = width - image.size(3);
    require(rows >= 0 && columns >= 0, "ZeroPad: a picture of ", image.size(2), " x ", image.size(3),
            " does not fit on ", height, " x ", width, "; choose a smaller resolution, or another resize policy");
    return at::constant_pad_nd(image, {columns / 2, columns - columns / 2, rows / 2, rows - rows / 2});
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
