#pragma once
#include <algorithm>
#include <boost/hana.hpp>
#include <vector>

#include <opad/average/average.hpp>
#include <opad/core/number_error.hpp>

namespace opad {

/// The exponential moving average of the student's trained weights:  average = decay average + (1 - decay) weights,
/// after each update, with decay min(decay, (1 + n) / (10 + n)) at the n-th, so that the beginning is soon forgotten.
/// Polyak & Juditsky, SIAM J. Control Optim. 30, 1992; the ramp is that of the usual diffusion trainers.
struct Ema {
  static constexpr std::string_view name = "ema";
  double decay = 0.99;
  void check() const { require_number(0 <= decay && decay < 1, "Ema", "decay", decay, "0 or more, and less than 1"); }
  std::unique_ptr<AverageState> build(const NamedTensors& parameters) const;
};

/// The moving average of one set of parameters in one run.
class EmaState : public AverageState {
 public:
  EmaState(const Ema& options, const NamedTensors& parameters)
      : decay_(options.decay),
        parameters_(parameters),
        updates_(torch::zeros({}, torch::kFloat64)) {
    options.check();
    for (const auto& [name, p] : parameters) values_.push_back(p.detach().clone());
  }
  void update() override {
    torch::NoGradGuard no_grad;
    const double n = updates_.item<double>(), decay = std::min(decay_, (1 + n) / (10 + n));
    updates_ += 1;
    if (values_.empty()) return;
    std::vector<Tensor> weights;
    for (const auto& [name, p] : parameters_) weights.push_back(p);
    at::_foreach_lerp_(values_, weights, 1 - decay);
  }
  void swap() override {
    torch::NoGradGuard no_grad;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const Tensor weights = parameters_[i].second.detach().clone();
      Tensor(parameters_[i].second).copy_(values_[i]);
      values_[i].copy_(weights);
    }
  }
  void add_state(Tensors& out) const override {
    out["average.updates"] = updates_;
    for (std::size_t i = 0; i < values_.size(); ++i) out["average." + parameters_[i].first] = values_[i];
  }

 private:
  double decay_;
  NamedTensors parameters_;
  std::vector<Tensor> values_;
  Tensor updates_;
};

inline std::unique_ptr<AverageState> Ema::build(const NamedTensors& parameters) const {
  return std::make_unique<EmaState>(*this, parameters);
}
static_assert(Average<Ema>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::Ema, decay);
