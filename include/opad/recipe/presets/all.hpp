#pragma once
#include <opad/recipe/presets/paper.hpp>

namespace opad::all {

/// The recipes that others derive from.
inline constexpr auto presets = hana::tuple_t<Default, Release, Paper>;

}  // namespace opad::all
