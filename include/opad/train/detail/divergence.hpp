#pragma once
#include <cmath>

#include <opad/io/finite.hpp>
#include <opad/train/divergence.hpp>

namespace opad {

namespace detail {

/// "the tensor 'student.value.conv_in.weight' of the student holds a NaN"; "" where all are finite.
OPAD_ONCE std::string first_astray(const Tensors& state) {
  for (const auto& [name, tensor] : state) {
    if (is_finite(tensor)) continue;
    const auto learner_ends = std::min(name.find(".value."), std::min(name.find(".exp_avg"), name.find(".step.")));
    const bool nan = tensor.isnan().any().item<bool>();
    return c10::str("the tensor '", name, "' of the ", name.substr(0, std::min(learner_ends, name.size())), " holds ",
                    nan ? "a NaN" : "an infinity");
  }
  return "";
}

inline constexpr const char* astray_advice =
    "; nothing of this step was written. Lower the learning rates or the weights of the losses, and begin anew";

}  // namespace detail

OPAD_ONCE void require_finite_state(const Tensors& state, std::int64_t step) {
  if (const auto what = detail::first_astray(state); !what.empty())
    throw Diverged(c10::str("the training went astray in step ", step, ": ", what, detail::astray_advice));
}

OPAD_ONCE void require_finite_numbers(const std::vector<std::pair<std::string, double>>& numbers, const Tensors& state,
                                      std::int64_t step) {
  for (const auto& [name, value] : numbers) {
    if (std::isfinite(value)) continue;
    const auto what = detail::first_astray(state);
    throw Diverged(c10::str("the training went astray in step ", step, ": the term ", name, " is ",
                            std::isnan(value) ? "NaN" : "infinite", what.empty() ? "" : ", and " + what,
                            detail::astray_advice));
  }
}

}  // namespace opad
