#pragma once
#include <concepts>
#include <string_view>

#include <opad/space/space.hpp>

namespace opad {

/// Which of the pictures that the student made the second stage learns from (Collaborative).
///   F::space       where they are compared with the photographs; a filter without one keeps all of them
///   filter.share   the part that is kept, in (0, 1]
template <class F>
concept PictureFilter = requires {
  { F::name } -> std::convertible_to<std::string_view>;
} && (!requires { typename F::space; } || requires(const F& filter) {
  requires Space<typename F::space>;
  { filter.share } -> std::convertible_to<double>;
});

}  // namespace opad
