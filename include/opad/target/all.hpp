#pragma once
#include <opad/core/hana.hpp>
#include <opad/target/full_sampling.hpp>
#include <opad/target/grid.hpp>
#include <opad/target/random_step.hpp>
#include <opad/target/real_images.hpp>

namespace opad::all {

/// Everything that the student can be compared with.
inline constexpr auto targets = hana::tuple_t<RandomStep, Grid<25, 4>, FullSampling, RealImages>;

}  // namespace opad::all
