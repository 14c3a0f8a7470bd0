#pragma once
#include <opad/words/words.hpp>

namespace opad {

/// The teacher's text encoder serves both; the student's condition is detached, so the new rows learn from the
/// teacher's step alone. The method's default.
struct SharedTextEncoder {
  static constexpr std::string_view name = "shared-text-encoder";
  static constexpr bool shared = true;
};
static_assert(TextConditioning<SharedTextEncoder>);

}  // namespace opad
