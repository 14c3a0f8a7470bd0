#pragma once
/// The laws that every Optimiser and every Average obeys (optimiser/optimiser.hpp, average/average.hpp).
#include <set>

#include <opad/average/average.hpp>
#include <opad/core/random.hpp>
#include <opad/optimiser/optimiser.hpp>

#include "support/catch.hpp"

namespace laws {

inline opad::NamedTensors two_parameters() {
  auto s = opad::Random(1).stream("parameters");
  return {{"a", s.normal({3, 2}).requires_grad_()}, {"b", s.normal({4}).requires_grad_()}};
}

/// Half the squared length of all parameters, whose gradient is the parameters; they get it.
inline double quadratic(const opad::NamedTensors& parameters) {
  double value = 0;
  for (const auto& [name, p] : parameters) {
    opad::Tensor(p).mutable_grad() = p.detach().clone();
    value += p.detach().to(torch::kFloat64).square().sum().item<double>() / 2;
  }
  return value;
}

inline opad::Tensors copy(const opad::Tensors& tensors) {
  opad::Tensors out;
  for (const auto& [name, t] : tensors) out[name] = t.clone();
  return out;
}
inline bool same_values(const opad::NamedTensors& a, const opad::NamedTensors& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!at::equal(a[i].second, b[i].second)) return false;
  return true;
}

/// Moves downhill, and not at all at factor 0; its state has the same names always, holds the parameters themselves,
/// and is all that going on from it needs; without gradients it does no harm.
template <opad::Optimiser O>
void optimiser(O optimiser) {
  using namespace opad;
  optimiser.learning_rate = 0.01;
  const NamedTensors parameters = two_parameters(), untouched = two_parameters();
  const auto state = optimiser.build(parameters);
  const Tensors names = copy(state->state());

  std::set<void*> held;
  for (const auto& [name, t] : state->state()) held.insert(t.data_ptr());
  for (const auto& [name, p] : parameters) REQUIRE(held.contains(p.data_ptr()));

  const double before = quadratic(parameters);
  state->step(0);
  REQUIRE(same_values(parameters, untouched));
  state->step(1);
  const double after = quadratic(parameters);
  REQUIRE(after < before);
  state->zero_grad();
  for (const auto& [name, p] : parameters)
    REQUIRE((!p.grad().defined() || p.grad().abs().max().template item<double>() == 0));
  state->step(1);  // without gradients
  for (const auto& [name, p] : parameters) REQUIRE(at::isfinite(p).all().template item<bool>());

  const Tensors saved = copy(state->state());
  REQUIRE(std::equal(names.begin(), names.end(), saved.begin(), saved.end(), [](const auto& a, const auto& b) {
    return a.first == b.first && a.second.sizes() == b.second.sizes();
  }));
  const NamedTensors others = two_parameters();
  const auto resumed = optimiser.build(others);
  copy_state(resumed->state(), saved, "saved");
  REQUIRE(same_values(parameters, others));
  for (int k = 0; k < 2; ++k) quadratic(parameters), quadratic(others), state->step(0.5), resumed->step(0.5);
  REQUIRE(same_values(parameters, others));
  REQUIRE(optimiser.build({}) != nullptr);  // a learner that learns nothing
}

/// Begins as the weights; lies between old and new weights, and is put in their place and back without a trace; its
/// state has the same names always, none of them twice, and is all that going on from it needs.
template <opad::Average A>
void average(const A& average) {
  using namespace opad;
  const NamedTensors weights = two_parameters(), old = two_parameters(), others = two_parameters();
  const auto kept = average.build(weights);
  if (!kept) return;  // the weights themselves
  const auto move = [](const NamedTensors& parameters) {
    torch::NoGradGuard no_grad;
    for (const auto& [name, p] : parameters) Tensor(p).add_(1);
  };
  kept->swap();
  REQUIRE(same_values(weights, old));
  kept->swap();
  move(weights);
  kept->update();
  kept->swap();
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const Tensor share = weights[i].second - old[i].second;  // of the step from old to new
    REQUIRE((share >= -1e-6).all().template item<bool>());
    REQUIRE((share <= 1 + 1e-6).all().template item<bool>());
  }
  kept->swap();
  for (std::size_t i = 0; i < weights.size(); ++i) REQUIRE(at::allclose(weights[i].second, old[i].second + 1));

  Tensors state;
  kept->add_state(state);
  const Tensors saved = copy(state);
  for (const auto& [name, t] : saved) REQUIRE(name.starts_with("average."));
  const auto resumed = average.build(others);
  Tensors fresh;
  resumed->add_state(fresh);
  copy_state(fresh, saved, "saved");
  move(others);
  for (int k = 0; k < 2; ++k) move(weights), move(others), kept->update(), resumed->update();
  kept->swap(), resumed->swap();
  REQUIRE(same_values(weights, others));
}

}  // namespace laws
