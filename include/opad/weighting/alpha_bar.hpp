#pragma once
#include <opad/weighting/weighting.hpp>

namespace opad {

/// omega = alpha_bar: the answers at high noise, which know little of the picture, count little. The released
/// trainer's.
struct AlphaBar {
  static constexpr std::string_view name = "alpha-bar";
  Tensor operator()(const Tensor& alpha_bar) const { return alpha_bar; }
};
static_assert(TimestepWeight<AlphaBar>);

}  // namespace opad
