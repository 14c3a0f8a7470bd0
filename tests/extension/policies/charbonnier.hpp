#pragma once
#include <opad/loss/loss.hpp>

namespace lab {

/// Charbonnier distance of the latents, calmer about outliers than LatentMse:  mean of sqrt(d^2 + eps^2) - eps.
/// Charbonnier et al., "Two Deterministic Half-Quadratic Regularization Algorithms for Computed Imaging", ICIP 1994.
struct Charbonnier {
  static constexpr std::string_view name = "charbonnier";
  using space = opad::Latent;
  double weight = 1.0, eps = 0.01;
  opad::Tensor operator()(const opad::Tensor& student, const opad::Tensor& target) const {  // [B, 4, h, w] -> [B]
    opad::require(eps > 0, "Charbonnier: eps = ", eps, "; give eps > 0");
    opad::require_same_shape("Charbonnier", student, target);
    return ((student - target).square() + eps * eps).sqrt().flatten(1).mean(1) - eps;
  }
};
static_assert(opad::LossTerm<Charbonnier>);

}  // namespace lab

BOOST_HANA_ADAPT_STRUCT(lab::Charbonnier, weight, eps);
