#pragma once
#include <opad/adversarial/augmentation/augmentation.hpp>

namespace opad {

/// Half the resolution and back (means of 2 x 2, then bilinear): the critic cannot judge sharpness. Draws nothing.
struct Blur {
  static constexpr std::string_view name = "blur";
  Tensor operator()(const Tensor& image, Stream&) const {
    return at::upsample_bilinear2d(at::avg_pool2d(image, 2), {image.size(2), image.size(3)}, /*align_corners=*/false);
  }
};
static_assert(PictureChange<Blur>);

}  // namespace opad
