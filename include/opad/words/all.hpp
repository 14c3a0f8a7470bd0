#pragma once
#include <opad/core/hana.hpp>
#include <opad/words/separate_text_encoders.hpp>
#include <opad/words/shared_text_encoder.hpp>

namespace opad::all {

/// Every way in which the student hears words.
inline constexpr auto words = hana::tuple_t<SharedTextEncoder, SeparateTextEncoders>;

}  // namespace opad::all
