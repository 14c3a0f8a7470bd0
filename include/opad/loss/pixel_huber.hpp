#pragma once
#include <opad/core/number_error.hpp>
#include <opad/loss/loss.hpp>

namespace opad {

/// Huber distance of the decoded pictures, calmer about single wrong pixels than PixelMse; with d = x - y, per element
///   |d| <= delta: d^2 / 2      else: delta (|d| - delta / 2),      then the mean.
/// Huber, "Robust estimation of a location parameter", Ann. Math. Statist. 35, 1964.  delta > 0 in units of [-1, 1]
/// pictures.
struct PixelHuber {
  static constexpr std::string_view name = "pixel-huber";
  using space = Pixel;
  double weight = 1.0, delta = 0.1;
  void check() const { require_number(delta > 0, "PixelHuber", "delta", delta, "more than 0"); }
  Tensor operator()(const Tensor& student, const Tensor& target) const {  // [B, 3, H, W] twice -> [B]
    check();
    require_same_shape("PixelHuber", student, target);
    return at::huber_loss(student, target, at::Reduction::None, delta).flatten(1).mean(1);
  }
};
static_assert(LossTerm<PixelHuber>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::PixelHuber, weight, delta);
