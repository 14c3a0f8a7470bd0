#pragma once
#include <vector>

#include <opad/core/tensor.hpp>

namespace opad {

/// Scales gradients so that their global norm is at most `max_norm`: factor min(1, max_norm / (norm + 1e-6)).
/// Parameters without a gradient count as zero. Returns the norm before, a scalar tensor.
inline Tensor clip_gradient_norm(const NamedTensors& parameters, double max_norm) {
  std::vector<Tensor> gradients;
  for (const auto& [name, p] : parameters)
    if (p.grad().defined()) gradients.push_back(p.grad());
  if (gradients.empty()) return torch::zeros({}, parameters.empty() ? torch::kCPU : parameters[0].second.device());
  const Tensor norm = at::stack(at::_foreach_norm(gradients)).norm();
  at::_foreach_mul_(gradients, (max_norm / (norm + 1e-6)).clamp_max(1.0));
  return norm;
}

}  // namespace opad
