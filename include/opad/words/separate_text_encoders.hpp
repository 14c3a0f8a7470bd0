#pragma once
#include <opad/words/words.hpp>

namespace opad {

/// The student has token rows of its own, which learn from its losses, and its own text encoder where its folder holds
/// one. The teacher answers under its own condition.
struct SeparateTextEncoders {
  static constexpr std::string_view name = "separate-text-encoders";
  static constexpr bool shared = false;
};
static_assert(TextConditioning<SeparateTextEncoders>);

}  // namespace opad
