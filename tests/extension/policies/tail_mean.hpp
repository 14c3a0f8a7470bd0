#pragma once
#include <boost/hana.hpp>

#include <opad/average/average.hpp>

namespace lab {

/// The plain mean of the student's weights over all updates but the first `burn_in`.
/// Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", UAI 2018, arXiv 1803.05407.
struct TailMean {
  static constexpr std::string_view name = "tail-mean";
  std::int64_t burn_in = 0;
  std::unique_ptr<opad::AverageState> build(const opad::NamedTensors& parameters) const {
    struct State : opad::AverageState {
      double burn_in;
      opad::NamedTensors weights;
      opad::Tensors kept{{"average.updates", torch::zeros({}, torch::kFloat64)}};  // what a checkpoint holds
      State(std::int64_t first, const opad::NamedTensors& p) : burn_in(static_cast<double>(first)), weights(p) {
        for (auto& [name, weight] : weights) kept["average." + name] = weight.detach().clone();
      }
      void update() override {
        torch::NoGradGuard no_grad;
        const double n = kept["average.updates"].add_(1).item<double>() - burn_in;
        for (auto& [name, weight] : weights) kept["average." + name].lerp_(weight, n > 1 ? 1 / n : 1);
      }
      void swap() override {
        torch::NoGradGuard no_grad;
        for (auto& [name, weight] : weights) {
          const opad::Tensor last = weight.clone();
          weight.copy_(kept["average." + name]), kept["average." + name].copy_(last);
        }
      }
      void add_state(opad::Tensors& out) const override { out.insert(kept.begin(), kept.end()); }
    };
    return std::make_unique<State>(burn_in, parameters);
  }
};
static_assert(opad::Average<TailMean>);
}  // namespace lab
BOOST_HANA_ADAPT_STRUCT(lab::TailMean, burn_in);
