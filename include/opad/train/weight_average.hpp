#pragma once
#include <algorithm>

#include <opad/core/tensor.hpp>

namespace opad {

/// Exponential moving average of weights, what a trained model is best saved as:
///   average <- d average + (1 - d) weights,   d = min(decay, (n + 1) / (n + 10)) after n updates
/// so that the first, bad weights are forgotten at once.  Polyak & Juditsky, 1992; the warm-up: TensorFlow's.
class WeightAverage {
 public:
  WeightAverage(const NamedTensors& parameters, double decay) : decay_(decay), parameters_(parameters) {
    require(decay >= 0 && decay < 1, "WeightAverage: decay = ", decay, "; give a number in [0, 1)");
    torch::NoGradGuard no_grad;
    for (const auto& [name, p] : parameters) weights_.push_back(p.detach()), average_.push_back(p.detach().clone());
  }
  void update(std::int64_t updates) {
    torch::NoGradGuard no_grad;
    const double n = static_cast<double>(updates), d = std::min(decay_, (n + 1) / (n + 10));
    at::_foreach_lerp_(average_, weights_, 1 - d);
  }
  /// Exchanges weights and average: once to use the average, once more to go on training.
  void swap() {
    torch::NoGradGuard no_grad;
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      const Tensor kept = weights_[i].clone();
      weights_[i].copy_(average_[i]);
      average_[i].copy_(kept);
    }
  }
  /// By the parameters' names; they alias the average.
  Tensors state() const {
    Tensors out;
    for (std::size_t i = 0; i < average_.size(); ++i) out["average." + parameters_[i].first] = average_[i];
    return out;
  }

 private:
  double decay_;
  NamedTensors parameters_;
  std::vector<Tensor> weights_, average_;
};

}  // namespace opad
