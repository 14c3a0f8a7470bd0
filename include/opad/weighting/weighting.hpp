#pragma once
#include <concepts>
#include <string_view>

#include <opad/core/tensor.hpp>

namespace opad {

/// omega(t') of the alignment terms: how much a teacher's answer at noise level t' counts.  alpha_bar [B] -> [B]
template <class W>
concept TimestepWeight = requires(const W& weighting, const Tensor& alpha_bar) {
  { W::name } -> std::convertible_to<std::string_view>;
  { weighting(alpha_bar) } -> std::same_as<Tensor>;
};

}  // namespace opad
