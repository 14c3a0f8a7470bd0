#pragma once
#include <opad/core/tensor.hpp>

namespace opad {

/// sRGB -> CIELAB under the white D65.  [B, 3, H, W] -> [B, 3, H, W]; RGB nominally in [0, 1] gives L in [0, 100].
/// Both curves go on in straight lines below their thresholds, so negative values (pictures in [-1, 1]) are well
/// defined.
inline Tensor srgb_to_lab(const Tensor& image) {
  require(image.dim() == 4 && image.size(1) == 3, "srgb_to_lab: ", image.sizes(), "; give pictures [B, 3, H, W]");
  constexpr double knee = 0.04045, delta = 6.0 / 29;
  // the power's base is clamped, so that the branch that `where` drops has no infinite gradient
  const Tensor linear = at::where(image > knee, ((image.clamp_min(knee) + 0.055) / 1.055).pow(2.4), image / 12.92);
  const Tensor r = linear.select(1, 0), g = linear.select(1, 1), b = linear.select(1, 2);
  const auto curve = [](const Tensor& t) {
    constexpr double threshold = delta * delta * delta;
    return at::where(t > threshold, t.clamp_min(threshold).pow(1.0 / 3), t / (3 * delta * delta) + 4.0 / 29);
  };
  const Tensor x =
      curve(1.052156925 * (10135552.0 / 24577794 * r + 8788810.0 / 24577794 * g + 4435075.0 / 24577794 * b));
  const Tensor y = curve(2613072.0 / 12288897 * r + 8788810.0 / 12288897 * g + 887015.0 / 12288897 * b);
  const Tensor z =
      curve(0.918357670 * (1425312.0 / 73733382 * r + 8788810.0 / 73733382 * g + 70074185.0 / 73733382 * b));
  return at::stack({116 * y - 16, 500 * (x - y), 200 * (y - z)}, 1);
}

}  // namespace opad
