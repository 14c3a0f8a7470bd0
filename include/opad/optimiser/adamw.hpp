#pragma once
#include <boost/hana.hpp>
#include <utility>
#include <vector>

#include <opad/core/number_error.hpp>
#include <opad/core/once.hpp>
#include <opad/optimiser/optimiser.hpp>

namespace opad {

/// Adam with decoupled weight decay.  Loshchilov & Hutter, ICLR 2019, arXiv 1711.05101.
/// Defaults: PyTorch's betas and epsilon, the released trainer's decay.
struct AdamW {
  static constexpr std::string_view name = "adamw";
  double learning_rate = 1e-5, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = 1e-2;

  void check() const {
    require_number(learning_rate >= 0, "AdamW", "learning_rate", learning_rate, "0 or more");
    require_number(0 <= beta1 && beta1 < 1, "AdamW", "beta1", beta1, "0 or more, and less than 1");
    require_number(0 <= beta2 && beta2 < 1, "AdamW", "beta2", beta2, "0 or more, and less than 1");
    require_number(eps > 0, "AdamW", "eps", eps, "more than 0");
    require_number(weight_decay >= 0, "AdamW", "weight_decay", weight_decay, "0 or more");
  }

  class State;
  std::unique_ptr<OptimiserState> build(NamedTensors parameters) const;
};

/// Moments of one set of parameters. state() are the tensors that a checkpoint must hold.
class AdamW::State : public OptimiserState {
 public:
  State(const AdamW& options, NamedTensors parameters) : options_(options), parameters_(std::move(parameters)) {
    options.check();
    for (const auto& [name, p] : parameters_) {
      values_.push_back(p);
      first_.push_back(at::zeros_like(p));
      second_.push_back(at::zeros_like(p));
      steps_.push_back(torch::zeros({}, p.options().dtype(torch::kFloat32)));
    }
  }
  const NamedTensors& parameters() const { return parameters_; }

  void zero_grad() override {
    for (auto& p : values_) p.mutable_grad().reset();
  }
  /// One step at `factor` times the learning rate. A parameter without a gradient takes part with a zero one.
  OPAD_ONCE void step(double factor = 1.0) override {
    torch::NoGradGuard no_grad;
    if (values_.empty()) return;
    std::vector<Tensor> gradients;
    for (auto& p : values_) gradients.push_back(p.grad().defined() ? p.grad() : at::zeros_like(p));
    at::_fused_adamw_(values_, gradients, first_, second_, /*max_exp_avg_sqs=*/{}, steps_advanced(),
                      options_.learning_rate * factor, options_.beta1, options_.beta2, options_.weight_decay,
                      options_.eps, /*amsgrad=*/false, /*maximize=*/false);
  }
  /// Parameters and moments by name; loading copies into them.
  OPAD_ONCE Tensors state() const override {
    Tensors out;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const std::string& name = parameters_[i].first;
      out["value." + name] = values_[i].detach();
      out["exp_avg." + name] = first_[i];
      out["exp_avg_sq." + name] = second_[i];
      out["step." + name] = steps_[i];
    }
    return out;
  }

 private:
  const std::vector<Tensor>& steps_advanced() {
    at::_foreach_add_(steps_, 1);
    return steps_;
  }
  AdamW options_;
  NamedTensors parameters_;
  std::vector<Tensor> values_, first_, second_, steps_;
};

inline std::unique_ptr<OptimiserState> AdamW::build(NamedTensors parameters) const {
  return std::make_unique<State>(*this, std::move(parameters));
}
static_assert(Optimiser<AdamW>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::AdamW, learning_rate, beta1, beta2, eps, weight_decay);
