#pragma once
#include <boost/hana.hpp>
#include <concepts>
#include <string_view>

#include <opad/core/tensor.hpp>

namespace opad {

namespace hana = boost::hana;

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

class Stream;

/// One alignment term of the student's loss: how far is the student's picture from the teacher's, in T::space?
///   term(student, target) -> [B]          one value >= 0 per sample; weight, omega(t') and the mean are applied later,
///   once term(student, target, stream) -> [B]  for a term that needs random numbers Latent: both [B, 4, h, w] Pixel:
///   both [B, 3, H, W] in [-1, 1]     Features<E>: both [B, tokens, width]
/// Laws (tests/laws/loss_term.hpp): zero on equal inputs; sample i sees only sample i; the gradient in `student`
/// matches finite differences. `target` arrives without gradient. Models: the files of include/opad/loss/.
template <class T>
concept LossTerm = std::copy_constructible<T> && Space<typename T::space> &&
    requires(const T& term) {
      { T::name } -> std::convertible_to<std::string_view>;
      { term.weight } -> std::convertible_to<double>;
    } && (requires(const T& term, const Tensor& x) { { term(x, x) } -> std::same_as<Tensor>; } ||
          requires(const T& term, const Tensor& x, Stream& stream) { { term(x, x, stream) } -> std::same_as<Tensor>; });

}  // namespace opad
