#pragma once
#include <opad/space/space.hpp>

namespace opad {

/// A picture in any space that is rendered from Pixel.  [B, 3, H, W] in [-1, 1] -> the space's shape
template <Space S, class Networks>
Tensor render_picture(Networks& networks, const Tensor& image) {
  if constexpr (std::same_as<S, Pixel>) {
    return image;
  } else {
    static_assert(!std::same_as<S, Latent>, "render_picture: Latent is not rendered from pictures.");
    return S::render(networks, render_picture<typename S::from>(networks, image));
  }
}

}  // namespace opad
