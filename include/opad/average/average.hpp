#pragma once
#include <concepts>
#include <memory>
#include <string_view>

#include <opad/core/tensor.hpp>

namespace opad {

/// The average of one set of parameters in one run.
struct AverageState {
  virtual ~AverageState() = default;
  virtual void update() = 0;                       // after each update of the weights
  virtual void swap() = 0;                         // exchanges weights and average; twice is nothing
  virtual void add_state(Tensors& out) const = 0;  // what a checkpoint must hold
};

/// Which student previews show and a run keeps.
///   average.build(parameters) -> std::unique_ptr<AverageState>   nullptr: nothing to keep, the weights themselves
template <class A>
concept Average = requires(const A& average, const NamedTensors& parameters) {
  { A::name } -> std::convertible_to<std::string_view>;
  { average.build(parameters) } -> std::same_as<std::unique_ptr<AverageState>>;
};

}  // namespace opad
