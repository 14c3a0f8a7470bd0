#pragma once
#include <concepts>
#include <functional>
#include <string_view>

#include <opad/core/random.hpp>
#include <opad/core/tensor.hpp>

namespace opad {

/// How a critic judges features of its eye: all that it does between them and its logits, its head included.
///   [B, tokens, width] -> [B, ..., outputs]
using Judge = std::function<Tensor(const Tensor& features)>;

/// A regulariser that asks for the features of made pictures as well, and may draw.
///   regulariser.penalty(judge, real, fake, random)   features of real and made pictures [B, tokens, width] -> []
template <class R>
concept RegulariserOfBoth = requires(const R& regulariser, const Judge& judge, const Tensor& features, Stream& random) {
  { regulariser.penalty(judge, features, features, random) } -> std::same_as<Tensor>;
};

/// What a head's own loss has added to it.
///   regulariser.penalty(judge, real)   features of real pictures [B, tokens, width] -> [], differentiable in the
///                                      head's weights; or the form of RegulariserOfBoth
template <class R>
concept Regulariser = requires {
  { R::name } -> std::convertible_to<std::string_view>;
} && (RegulariserOfBoth<R> || requires(const R& regulariser, const Judge& judge, const Tensor& features) {
                        { regulariser.penalty(judge, features) } -> std::same_as<Tensor>;
                      });

/// How real a head finds pictures, in one number each: the logit, or the difference of the two classes.
/// [B, ..., outputs] -> [B]
inline Tensor realness(const Tensor& logits) {
  const Tensor judged = logits.size(-1) == 2 ? logits.select(-1, 1) - logits.select(-1, 0) : logits.select(-1, 0);
  return judged.reshape({logits.size(0), -1}).mean(1);
}

}  // namespace opad
