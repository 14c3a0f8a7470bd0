#pragma once
#include <opad/core/hana.hpp>
#include <opad/weighting/alpha_bar.hpp>
#include <opad/weighting/min_snr.hpp>
#include <opad/weighting/uniform.hpp>

namespace opad::all {

/// Every weighting of the teacher's answers.
inline constexpr auto weightings = hana::tuple_t<AlphaBar, Uniform, MinSnr>;

}  // namespace opad::all
