#pragma once
#include <opad/core/hana.hpp>
#include <opad/tokens/new_rows.hpp>
#include <opad/tokens/released_table.hpp>

namespace opad::all {

/// Every way in which new tokens start and learn.
inline constexpr auto tokens = hana::tuple_t<NewRows, ReleasedTable>;

}  // namespace opad::all
