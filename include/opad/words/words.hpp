#pragma once
#include <concepts>
#include <string_view>

namespace opad {

/// Whose words the student hears, and how.
///   shared                              whether teacher and student have one text encoder, new token rows included
///   words.heard(condition, draws) -> [B, 77, C]   optional: what the student hears of its condition, such as one with
///                                       parts left out at random; draws: train/draws.hpp. None: the condition itself
template <class T>
concept TextConditioning = std::copy_constructible<T> && requires {
  { T::name } -> std::convertible_to<std::string_view>;
  { T::shared } -> std::convertible_to<bool>;
};

}  // namespace opad
