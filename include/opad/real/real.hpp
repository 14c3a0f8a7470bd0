#pragma once
#include <concepts>
#include <string_view>

namespace opad {

/// What the critics take for real.
///   from_teacher   the teacher's answers y instead of photographs
template <class R>
concept RealPictures = requires {
  { R::name } -> std::convertible_to<std::string_view>;
  { R::from_teacher } -> std::convertible_to<bool>;
};

}  // namespace opad
