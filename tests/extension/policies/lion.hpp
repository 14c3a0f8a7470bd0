#pragma once
#include <boost/hana.hpp>

#include <opad/optimiser/optimiser.hpp>

namespace lab {

/// p -= rate (sign(beta1 m + (1 - beta1) g) + weight_decay p),  m = beta2 m + (1 - beta2) g: one moment, smaller rates.
/// Chen et al., "Symbolic Discovery of Optimization Algorithms", NeurIPS 2023, arXiv 2302.06675.
struct Lion {
  static constexpr std::string_view name = "lion";
  double learning_rate = 2e-6, beta1 = 0.9, beta2 = 0.99, weight_decay = 0.1;
  std::unique_ptr<opad::OptimiserState> build(const opad::NamedTensors& parameters) const {
    struct State : opad::OptimiserState {
      Lion lion;
      opad::NamedTensors values;
      opad::Tensors kept;  // what a checkpoint holds
      State(const Lion& options, const opad::NamedTensors& parameters) : lion(options), values(parameters) {
        for (auto& [name, p] : values) kept["value." + name] = p.detach(), kept["m." + name] = at::zeros_like(p);
      }
      void step(double factor) override {
        torch::NoGradGuard no_grad;
        for (auto& [name, p] : values) {
          const opad::Tensor g = p.grad().defined() ? p.grad() : at::zeros_like(p), m = kept["m." + name];
          p.mul_(1 - factor * lion.learning_rate * lion.weight_decay);
          p.sub_(at::lerp(g, m, lion.beta1).sign_(), factor * lion.learning_rate);
          m.lerp_(g, 1 - lion.beta2);
        }
      }
      void zero_grad() override {
        for (auto& [name, p] : values) p.mutable_grad().reset();
      }
      opad::Tensors state() const override { return kept; }
    };
    return std::make_unique<State>(*this, parameters);
  }
};
static_assert(opad::Optimiser<Lion>);
}  // namespace lab
BOOST_HANA_ADAPT_STRUCT(lab::Lion, learning_rate, beta1, beta2, weight_decay);
