#pragma once
#include <opad/core/hana.hpp>
#include <opad/loss/identity.hpp>
#include <opad/loss/in.hpp>
#include <opad/loss/latent_mse.hpp>
#include <opad/loss/lpips.hpp>
#include <opad/loss/ms_swd.hpp>
#include <opad/loss/pixel_huber.hpp>
#include <opad/loss/pixel_mse.hpp>

namespace opad::all {

/// Every alignment term.
inline constexpr auto losses = hana::tuple_t<LatentMse, PixelMse, PixelHuber, Identity, MsSwd, Lpips, In<Pixel, MsSwd>>;

}  // namespace opad::all
