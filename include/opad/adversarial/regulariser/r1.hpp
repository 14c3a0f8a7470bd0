#pragma once
#include <torch/csrc/autograd/autograd.h>
#include <boost/hana.hpp>

#include <opad/adversarial/regulariser/regulariser.hpp>
#include <opad/core/number_error.hpp>

namespace opad {

/// R1 on features: gamma/2 times the mean squared norm of the judgement's gradient in the features of real pictures, so
/// that the head does not become steep around them. The eye is frozen, so the gradient stops at its features.
/// gamma >= 0
/// Mescheder et al., "Which Training Methods for GANs do actually Converge?", ICML 2018, arXiv 1801.04406.
struct R1 {
  static constexpr std::string_view name = "r1";
  double gamma = 1.0;
  void check() const { require_number(gamma >= 0, "R1", "gamma", gamma, "0 or more"); }
  Tensor penalty(const Judge& judge, const Tensor& real) const {
    check();
    const Tensor features = real.detach().requires_grad_();
    const Tensor gradient = torch::autograd::grad({realness(judge(features)).sum()}, {features}, {},
                                                  /*retain_graph=*/true, /*create_graph=*/true)[0];
    return gamma / 2 * gradient.square().flatten(1).sum(1).mean();
  }
};
static_assert(Regulariser<R1>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::R1, gamma);
