#pragma once
#include <opad/core/hana.hpp>
#include <opad/optimiser/adamw.hpp>

namespace opad::all {

/// Every optimiser.
inline constexpr auto optimisers = hana::tuple_t<AdamW>;

}  // namespace opad::all
