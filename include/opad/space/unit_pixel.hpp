#pragma once
#include <opad/space/space.hpp>

namespace opad {

/// Pictures in [0, 1], nominally: (x + 1) / 2 of Pixel, not clamped.  [B, 3, H, W]
/// A space of its own, since the value range is a part of the rendering: terms that want it share the entry, and which
/// range a recipe feeds to a term can be read off the space that the term names.
struct UnitPixel {
  static constexpr std::string_view name = "unit-pixel";
  using from = Pixel;
  template <class Networks>
  static Tensor render(Networks&, const Tensor& image) {
    return image * 0.5 + 0.5;
  }
};
static_assert(Space<UnitPixel>);

}  // namespace opad
