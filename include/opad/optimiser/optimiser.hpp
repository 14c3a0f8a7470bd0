#pragma once
#include <concepts>
#include <memory>
#include <string_view>

#include <opad/core/tensor.hpp>

namespace opad {

/// What an optimiser keeps of one set of parameters in one run.
struct OptimiserState {
  virtual ~OptimiserState() = default;
  virtual void step(double factor) = 0;  // at `factor` times the learning rate
  virtual void zero_grad() = 0;
  virtual Tensors state() const = 0;  // parameters and moments by name; loading copies into them
};

/// How gradients become updates. An aggregate of hyper-parameters; what it keeps is built from it once for each run.
///   optimiser.learning_rate   that a LearningRate's factor scales
///   optimiser.build(parameters) -> std::unique_ptr<OptimiserState>   with all its moments: a checkpoint is loaded into
///                                                                    what state() gives before the first step
template <class O>
concept Optimiser = requires(const O& optimiser, const NamedTensors& parameters) {
  { O::name } -> std::convertible_to<std::string_view>;
  { optimiser.learning_rate } -> std::convertible_to<double>;
  { optimiser.build(parameters) } -> std::same_as<std::unique_ptr<OptimiserState>>;
};

}  // namespace opad
