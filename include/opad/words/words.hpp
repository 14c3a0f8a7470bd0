#pragma once
#include <concepts>
#include <string_view>

namespace opad {

/// Whose words the student hears.
///   shared   whether teacher and student have one text encoder, new token rows included
template <class T>
concept TextConditioning = requires {
  { T::name } -> std::convertible_to<std::string_view>;
  { T::shared } -> std::convertible_to<bool>;
};

}  // namespace opad
