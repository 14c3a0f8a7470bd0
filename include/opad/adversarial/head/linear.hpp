#pragma once
#include <opad/adversarial/head/perceptron.hpp>

namespace opad {

/// One linear map of the flattened features.
struct Linear {
  static constexpr std::string_view name = "linear";
  std::shared_ptr<HeadNetwork> build(std::int64_t tokens, std::int64_t width, std::int64_t outputs,
                                     Stream& stream) const {
    return std::make_shared<detail::PerceptronNetwork>(std::vector{tokens * width, outputs}, stream);
  }
};
static_assert(Head<Linear>);

}  // namespace opad
