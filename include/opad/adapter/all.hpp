#pragma once
#include <opad/adapter/custom_diffusion.hpp>
#include <opad/adapter/full_weights.hpp>
#include <opad/adapter/lora.hpp>
#include <opad/adapter/tokens_only.hpp>
#include <opad/core/hana.hpp>

namespace opad::all {

/// Every choice of what trains in a U-Net.
inline constexpr auto adapters =
    hana::tuple_t<CustomDiffusion<KeyValue>, CustomDiffusion<QueryKeyValueOut>, Lora<4>, FullWeights, TokensOnly>;

}  // namespace opad::all
