#pragma once
#include <opad/adversarial/head/linear.hpp>
#include <opad/adversarial/head/mlp.hpp>
#include <opad/adversarial/head/multi_layer.hpp>
#include <opad/adversarial/head/patch_tokens.hpp>
#include <opad/core/hana.hpp>

namespace opad::all {

/// Every head.
inline constexpr auto heads = hana::tuple_t<Linear, Mlp, PatchTokens, MultiLayer>;

}  // namespace opad::all
