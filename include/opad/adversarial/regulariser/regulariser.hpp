#pragma once
#include <concepts>
#include <functional>
#include <string_view>

#include <opad/core/tensor.hpp>

namespace opad {

/// How a critic judges features of its eye: all that it does between them and its logits, its head included.
///   [B, tokens, width] -> [B, ..., outputs]
using Judge = std::function<Tensor(const Tensor& features)>;

/// What a head's own loss has added to it.
///   regulariser.penalty(judge, real)   features of real pictures [B, tokens, width] -> [], differentiable in the
///                                      head's weights
template <class R>
concept Regulariser = requires(const R& regulariser, const Judge& judge, const Tensor& features) {
  { R::name } -> std::convertible_to<std::string_view>;
  { regulariser.penalty(judge, features) } -> std::same_as<Tensor>;
};

/// How real a head finds pictures, in one number each: the logit, or the difference of the two classes.
/// [B, ..., outputs] -> [B]
inline Tensor realness(const Tensor& logits) {
  const Tensor judged = logits.size(-1) == 2 ? logits.select(-1, 1) - logits.select(-1, 0) : logits.select(-1, 0);
  return judged.reshape({logits.size(0), -1}).mean(1);
}

}  // namespace opad
