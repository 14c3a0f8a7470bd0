#pragma once
#include <opad/core/hana.hpp>
#include <opad/encoder/dino.hpp>
#include <opad/encoder/dinov2.hpp>
#include <opad/encoder/identity_encoder.hpp>
#include <opad/encoder/layers.hpp>
#include <opad/encoder/patches.hpp>

namespace opad::all {

/// Every frozen encoder, and the other ways to look through one.
inline constexpr auto backbones = hana::tuple_t<Dino, DinoV2, IdentityEncoder, Patches<Dino>, Layers<Dino, 0, -1>>;

}  // namespace opad::all
