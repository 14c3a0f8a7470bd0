#pragma once
#include <opad/encoder/class_token.hpp>

namespace opad {

/// DINO: ViT-S/16 at 224 pixels, self-supervised; feature = the class token.  timm's vit_small_patch16_224.dino.
/// Caron et al., "Emerging Properties in Self-Supervised Vision Transformers", ICCV 2021, arXiv 2104.14294.
struct Dino : detail::ClassToken {
  static constexpr std::string_view name = "dino";
};
static_assert(Backbone<Dino>);

}  // namespace opad
