#pragma once
#include <opad/loss/loss.hpp>

namespace opad {

/// Half the mean squared difference of the student's and the teacher's latents:  1/2 mean((x0 - y0)^2).
/// Default weight: the released trainer's.
struct LatentMse {
  static constexpr std::string_view name = "latent-mse";
  using space = Latent;
  double weight = 1.0;
  Tensor operator()(const Tensor& student, const Tensor& target) const {  // [B, 4, h, w] twice -> [B]
    require_same_shape("LatentMse", student, target);
    return 0.5 * (student - target).square().flatten(1).mean(1);
  }
};
static_assert(LossTerm<LatentMse>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::LatentMse, weight);
