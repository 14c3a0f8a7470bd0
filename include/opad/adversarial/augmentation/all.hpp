#pragma once
#include <opad/adversarial/augmentation/blur.hpp>
#include <opad/adversarial/augmentation/color_jitter.hpp>
#include <opad/adversarial/augmentation/cutout.hpp>
#include <opad/adversarial/augmentation/noise.hpp>
#include <opad/adversarial/augmentation/translation.hpp>
#include <opad/core/hana.hpp>

namespace opad::all {

/// Every change of pictures before a critic sees them.
inline constexpr auto augmentations = hana::tuple_t<ColorJitter, Translation, Cutout, Noise, Blur>;

}  // namespace opad::all
