#pragma once
#include <torch/csrc/autograd/autograd.h>

#include <boost/hana.hpp>
#include <concepts>
#include <string_view>

#include <opad/adversarial/head.hpp>

namespace opad {

/// What a head's own loss has added to it.
///   regulariser.penalty(head, real)   features of real pictures [B, tokens, width] -> [], differentiable in the head's
///   weights
template <class R>
concept Regulariser = requires(const R& regulariser, const HeadNetwork& head, const Tensor& features) {
  { R::name } -> std::convertible_to<std::string_view>;
  { regulariser.penalty(head, features) } -> std::same_as<Tensor>;
};

/// How real a head finds pictures, in one number each: the logit, or the difference of the two classes.  [B, ...,
/// outputs] -> [B]
inline Tensor realness(const Tensor& logits) {
  const Tensor judged = logits.size(-1) == 2 ? logits.select(-1, 1) - logits.select(-1, 0) : logits.select(-1, 0);
  return judged.reshape({logits.size(0), -1}).mean(1);
}

/// Nothing.
struct NoRegulariser {
  static constexpr std::string_view name = "none";
  Tensor penalty(const HeadNetwork&, const Tensor& real) const { return torch::zeros({}, real.options()); }
};

/// R1 on features: gamma/2 times the mean squared norm of the judgement's gradient in the features of real pictures, so
/// that the head does not become steep around them.  The eye is frozen, so the gradient stops at its features.  gamma
/// >= 0 Mescheder et al., "Which Training Methods for GANs do actually Converge?", ICML 2018, arXiv 1801.04406.
struct R1 {
  static constexpr std::string_view name = "r1";
  double gamma = 1.0;
  Tensor penalty(const HeadNetwork& head, const Tensor& real) const {
    require(gamma >= 0, "R1: gamma = ", gamma, "; give 0 or more");
    const Tensor features = real.detach().requires_grad_();
    const Tensor gradient = torch::autograd::grad({realness(head.forward(features)).sum()}, {features}, {},
                                                  /*retain_graph=*/true, /*create_graph=*/true)[0];
    return gamma / 2 * gradient.square().flatten(1).sum(1).mean();
  }
};
static_assert(Regulariser<NoRegulariser> && Regulariser<R1>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::R1, gamma);
