#pragma once
#include <opad/average/ema.hpp>
#include <opad/average/last_weights.hpp>
#include <opad/core/hana.hpp>

namespace opad::all {

/// Every choice of the student that is kept.
inline constexpr auto averages = hana::tuple_t<LastWeights, Ema>;

}  // namespace opad::all
