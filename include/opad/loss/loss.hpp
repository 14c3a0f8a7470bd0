#pragma once
#include <concepts>
#include <string_view>

#include <opad/space/space.hpp>

namespace opad {

class Stream;

/// One alignment term of the student's loss: how far is the student's picture from the teacher's, in T::space?
///   term(student, target) -> [B]          one value >= 0 per sample; weight, omega(t') and the mean come later, once
///   term(student, target, stream) -> [B]  for a term that needs random numbers
///   Latent: both [B, 4, h, w]     Pixel: both [B, 3, H, W] in [-1, 1]     Features<E>: both [B, tokens, width]
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
