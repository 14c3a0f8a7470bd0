#pragma once
#include <boost/hana.hpp>
#include <concepts>
#include <string_view>

#include <opad/core/tensor.hpp>

namespace opad {

/// Which student previews show and a run keeps.
template <class A>
concept Average = requires {
  { A::name } -> std::convertible_to<std::string_view>;
  { A::averages } -> std::convertible_to<bool>;
};

/// The student as it is after the last update. The released trainer's.
struct LastWeights {
  static constexpr std::string_view name = "last";
  static constexpr bool averages = false;
};

/// The exponential moving average of the student's trained weights:  average = decay average + (1 - decay) weights,
/// after each update, with decay min(decay, (1 + n) / (10 + n)) at the n-th, so that the beginning is soon forgotten.
/// Polyak & Juditsky, SIAM J. Control Optim. 30, 1992; the ramp is that of the usual diffusion trainers.
struct Ema {
  static constexpr std::string_view name = "ema";
  static constexpr bool averages = true;
  double decay = 0.99;
};
static_assert(Average<LastWeights> && Average<Ema>);

/// The average of one set of parameters in one run.
class EmaState {
 public:
  EmaState(const Ema& options, const NamedTensors& parameters)
      : decay_(options.decay),
        parameters_(parameters),
        updates_(torch::zeros({}, torch::kFloat64)) {
    require(0 <= decay_ && decay_ < 1, "Ema: decay = ", decay_, "; give 0 or more, and less than 1");
    for (const auto& [name, p] : parameters) values_.push_back(p.detach().clone());
  }
  void update() {
    torch::NoGradGuard no_grad;
    const double n = updates_.item<double>(), decay = std::min(decay_, (1 + n) / (10 + n));
    updates_ += 1;
    for (std::size_t i = 0; i < values_.size(); ++i) values_[i].lerp_(parameters_[i].second, 1 - decay);
  }
  /// Exchanges weights and average; twice is nothing.
  void swap() {
    torch::NoGradGuard no_grad;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const Tensor weights = parameters_[i].second.detach().clone();
      Tensor(parameters_[i].second).copy_(values_[i]);
      values_[i].copy_(weights);
    }
  }
  void add_state(Tensors& out) const {
    out["average.updates"] = updates_;
    for (std::size_t i = 0; i < values_.size(); ++i) out["average." + parameters_[i].first] = values_[i];
  }

 private:
  double decay_;
  NamedTensors parameters_;
  std::vector<Tensor> values_;
  Tensor updates_;
};

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::Ema, decay);
