#pragma once
#include <opad/adversarial/regulariser/regulariser.hpp>

namespace opad {

/// Nothing.
struct NoRegulariser {
  static constexpr std::string_view name = "none";
  Tensor penalty(const Judge&, const Tensor& real) const { return torch::zeros({}, real.options()); }
};
static_assert(Regulariser<NoRegulariser>);

}  // namespace opad
