#pragma once
#include <opad/coupling/filter/filter.hpp>

namespace opad {

/// Every picture that the student made is learned from.
struct KeepAll {
  static constexpr std::string_view name = "keep-all";
};
static_assert(PictureFilter<KeepAll>);

}  // namespace opad
