#pragma once
#include <opad/core/hana.hpp>
#include <opad/encoder/dino.hpp>
#include <opad/space/features.hpp>
#include <opad/space/space.hpp>
#include <opad/space/unit_pixel.hpp>

namespace opad::all {

/// Every space in which pictures are compared; of Features the usual one and the released trainer's.
inline constexpr auto spaces =
    hana::tuple_t<Latent, Pixel, UnitPixel, Features<Dino>, Features<Dino, Area, Unnormalised>>;

}  // namespace opad::all
