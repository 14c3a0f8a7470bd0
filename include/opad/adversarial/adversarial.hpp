#pragma once
#include <algorithm>

#include <opad/core/number_error.hpp>
#include <opad/space/denoiser.hpp>
#include <opad/space/networks.hpp>
#include <opad/space/space.hpp>

namespace opad {

/// What the trained state of critics is built from, once for each run.
struct Workshop {
  const Random& random;
  Networks& networks;
  const Denoiser* teacher;  // nullptr where the recipe has none
  torch::Device device;
  std::int64_t resolution;  // side of the training pictures, in pixels
};

/// A critic: a source of adversarial gradient for the student that trains beside it. An aggregate of hyper-parameters:
///   C::name, C::space      what it looks at; critics on one space share its pictures
///   C::needs_teacher       whether it asks the teacher (Vsd)
///   C::State(critic, name, workshop)   what trains, made for each run, with
///     parameters()         what its optimiser moves
///     weight(age)          of its loss in the student's, at the student's iteration `age`
///     student_loss(iteration) -> [], own_loss(iteration) -> []   of the table of the iteration (train/iteration.hpp)
template <class C>
concept AdversarialCritic = std::copy_constructible<C> && Space<typename C::space> &&
                            std::constructible_from<typename C::State, const C&, std::string, const Workshop&> &&
                            requires(const typename C::State& state) {
                              { C::name } -> std::convertible_to<std::string_view>;
                              { C::needs_teacher } -> std::convertible_to<bool>;
                              { state.parameters() } -> std::convertible_to<NamedTensors>;
                              { state.weight(std::int64_t{}) } -> std::convertible_to<double>;
                            };

/// A weight that rises from 0 over the student's first `warmup` iterations:  weight min(1, (age + 1) / (warmup + 1)).
struct RisingWeight {
  double weight = 1.0;
  std::int64_t warmup = 0;
  double at(std::int64_t age) const {
    return weight * std::min(1.0, static_cast<double>(age + 1) / static_cast<double>(warmup + 1));
  }
  /// Throws NumberError unless critic.warmup >= 0.
  static void check(const auto& critic) {
    require_number(critic.warmup >= 0, c10::str("critic ", critic.name), "warmup", critic.warmup, "0 or more");
  }
  static RisingWeight of(const auto& critic) {
    check(critic);
    return {critic.weight, critic.warmup};
  }
};

}  // namespace opad
