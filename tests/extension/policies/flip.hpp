#pragma once
#include <boost/hana.hpp>

#include <opad/adversarial/augmentation/augmentation.hpp>

namespace lab {

/// Mirrors a picture, left for right, with this probability.
struct Flip {
  static constexpr std::string_view name = "flip";
  double probability = 0.5;
  opad::Tensor operator()(const opad::Tensor& image, opad::Stream& stream) const {  // [B, 3, H, W] -> the same
    opad::require(0 <= probability && probability <= 1, "Flip: probability = ", probability, "; give 0 to 1");
    const opad::Tensor mirrored = stream.uniform({image.size(0), 1, 1, 1}).to(image.device()) < probability;
    return at::where(mirrored, image.flip(3), image);
  }
};
static_assert(opad::PictureChange<Flip>);

}  // namespace lab

BOOST_HANA_ADAPT_STRUCT(lab::Flip, probability);
