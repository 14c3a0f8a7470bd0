#pragma once
#include <opad/adversarial/regulariser/gradient_penalty.hpp>
#include <opad/adversarial/regulariser/no_regulariser.hpp>
#include <opad/adversarial/regulariser/r1.hpp>
#include <opad/core/hana.hpp>

namespace opad::all {

/// Every regulariser.
inline constexpr auto regularisers = hana::tuple_t<NoRegulariser, R1, GradientPenalty>;

}  // namespace opad::all
