#pragma once
#include <opad/encoder/class_token.hpp>

namespace opad {

/// DINOv2: ViT-L/14 at 518 pixels; feature = the class token.  timm's vit_large_patch14_dinov2.lvd142m.
/// Oquab et al., "DINOv2: Learning Robust Visual Features without Supervision", TMLR 2024, arXiv 2304.07193.
struct DinoV2 : detail::ClassToken {
  static constexpr std::string_view name = "dinov2";
};
static_assert(Backbone<DinoV2>);

}  // namespace opad
