#pragma once
#include <opad/adversarial/objective/cross_entropy.hpp>
#include <opad/adversarial/objective/hinge.hpp>
#include <opad/adversarial/objective/least_squares.hpp>
#include <opad/adversarial/objective/non_saturating.hpp>
#include <opad/core/hana.hpp>

namespace opad::all {

/// Every objective.
inline constexpr auto objectives = hana::tuple_t<CrossEntropy, Hinge, NonSaturating, LeastSquares>;

}  // namespace opad::all
