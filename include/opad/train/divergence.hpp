#pragma once
#include <string>
#include <utility>
#include <vector>

#include <opad/core/error.hpp>
#include <opad/core/once.hpp>
#include <opad/core/tensor.hpp>

namespace opad {

/// A number of a training is NaN or infinite: programs leave with an exit code of its own.
class Diverged : public Error {
 public:
  using Error::Error;
};

/// Throws Diverged unless the state of a training after a step is finite: says which tensor is not, the first by name,
/// and of which network.
///   state  by names that begin with the learner's: "student.value.down_blocks.0..."
void require_finite_state(const Tensors& state, std::int64_t step);

/// The same for a step's numbers, by name and in their order; where one is not finite, the first such tensor of the
/// state is named beside it.
void require_finite_numbers(const std::vector<std::pair<std::string, double>>& numbers, const Tensors& state,
                            std::int64_t step);

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/train/detail/divergence.hpp>
#endif
