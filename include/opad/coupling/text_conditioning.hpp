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

/// The teacher's text encoder serves both; the student's condition is detached, so the new rows learn from the
/// teacher's step alone. The method's default.
struct SharedTextEncoder {
  static constexpr std::string_view name = "shared-text-encoder";
  static constexpr bool shared = true;
};

/// The student has token rows of its own, which learn from its losses, and its own text encoder where its folder holds
/// one. The teacher answers under its own condition.
struct SeparateTextEncoders {
  static constexpr std::string_view name = "separate-text-encoders";
  static constexpr bool shared = false;
};
static_assert(TextConditioning<SharedTextEncoder> && TextConditioning<SeparateTextEncoders>);

}  // namespace opad
