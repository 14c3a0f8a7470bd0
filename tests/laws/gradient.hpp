#pragma once
/// Derivatives against finite differences, for the laws of whatever is differentiable.
#include <torch/autograd.h>

#include <opad/core/random.hpp>

#include "support/catch.hpp"

namespace laws {

using opad::Tensor;

/// The derivative of a sum of outputs along a random direction, by autograd and by a central difference in double
/// precision.
template <class Function>
void gradient(const Function& value, const Tensor& at, double tolerance = 1e-4) {
  const Tensor direction = opad::Random(12).stream("direction").normal(at.sizes()).to(torch::kFloat64);
  const Tensor leaf = at.detach().clone().requires_grad_();
  const double along =
                   (torch::autograd::grad({value(leaf).sum()}, {leaf})[0] * direction).sum().template item<double>(),
               h = 1e-6;
  const double difference =
      (value(at + h * direction).sum() - value(at - h * direction).sum()).template item<double>() / (2 * h);
  REQUIRE(along == Approx(difference).epsilon(tolerance).margin(1e-7));
}

}  // namespace laws
