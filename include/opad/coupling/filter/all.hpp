#pragma once
#include <opad/core/hana.hpp>
#include <opad/coupling/filter/keep_all.hpp>
#include <opad/coupling/filter/keep_best.hpp>

namespace opad::all {

/// Every filter of the pictures that the student made.
inline constexpr auto filters = hana::tuple_t<KeepAll, KeepBest<>>;

}  // namespace opad::all
