#pragma once
#include <concepts>
#include <string_view>

#include <opad/core/hana.hpp>
#include <opad/core/tensor.hpp>

namespace opad {

/// Where pictures are compared. Every space but Latent is rendered from another one:
///   using from = ...;                                                       the space it is made of
///   template <class N> static Tensor render(N& networks, const Tensor& x);  differentiable in x
/// Two policies share the work of an iteration exactly when they name the same space.

/// The diffusion model's own space: scaled latents [B, 4, h, w].
struct Latent {
  static constexpr std::string_view name = "latent";
};

/// Pictures [B, 3, H, W], nominally in [-1, 1], as the decoder gives them (not clamped).
struct Pixel {
  static constexpr std::string_view name = "pixel";
  using from = Latent;
  template <class Networks>
  static Tensor render(Networks& networks, const Tensor& latent) {
    return networks.decode(latent);
  }
};

template <class S>
concept Space = requires {
  { S::name } -> std::convertible_to<std::string_view>;
} && (std::same_as<S, Latent> || requires { typename S::from; });

}  // namespace opad
