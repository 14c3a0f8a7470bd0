#pragma once
#include <torch/csrc/autograd/autograd.h>
#include <boost/hana.hpp>

#include <opad/adversarial/regulariser/regulariser.hpp>
#include <opad/core/number_error.hpp>

namespace opad {

/// WGAN-GP's gradient penalty on features: keeps the head's slope between a real and a made picture near `target`.
///   gamma mean((|gradient| - target)^2), the gradient of the judgement at u real + (1 - u) made, u ~ U[0, 1) a pair
/// gamma >= 0; target >= 0
/// Gulrajani et al., "Improved Training of Wasserstein GANs", NeurIPS 2017, arXiv 1704.00028; defaults: theirs.
struct GradientPenalty {
  static constexpr std::string_view name = "gradient-penalty";
  double gamma = 10.0;
  double target = 1.0;
  void check() const {
    require_number(gamma >= 0, "GradientPenalty", "gamma", gamma, "0 or more");
    require_number(target >= 0, "GradientPenalty", "target", target, "0 or more");
  }
  Tensor penalty(const Judge& judge, const Tensor& real, const Tensor& fake, Stream& random) const {
    check();
    const Tensor u = random.uniform({real.size(0), 1, 1}).to(real.device());
    const Tensor between = at::lerp(fake.detach(), real.detach(), u).requires_grad_();
    const Tensor gradient = torch::autograd::grad({realness(judge(between)).sum()}, {between}, {},
                                                  /*retain_graph=*/true, /*create_graph=*/true)[0];
    // the square root of 0 has no slope: a head that ignores its features would make every weight not a number
    const Tensor length = (gradient.square().flatten(1).sum(1) + 1e-12).sqrt();
    return gamma * (length - target).square().mean();
  }
};
static_assert(Regulariser<GradientPenalty>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::GradientPenalty, gamma, target);
