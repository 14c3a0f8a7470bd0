#pragma once
#include <opad/weighting/weighting.hpp>

namespace opad {

/// omega = 1.
struct Uniform {
  static constexpr std::string_view name = "uniform";
  Tensor operator()(const Tensor& alpha_bar) const { return at::ones_like(alpha_bar); }
};
static_assert(TimestepWeight<Uniform>);

}  // namespace opad
