#pragma once
#include <opad/loss/loss.hpp>

namespace opad {

/// Half the mean squared difference of the student's and the teacher's decoded pictures:  1/2 mean((x - y)^2).
/// Default weight: the released trainer's.
struct PixelMse {
  static constexpr std::string_view name = "pixel-mse";
  using space = Pixel;
  double weight = 1.0;
  Tensor operator()(const Tensor& student, const Tensor& target) const {  // [B, 3, H, W] twice -> [B]
    require_same_shape("PixelMse", student, target);
    return 0.5 * (student - target).square().flatten(1).mean(1);
  }
};
static_assert(LossTerm<PixelMse>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::PixelMse, weight);
