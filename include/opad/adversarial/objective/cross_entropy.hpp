#pragma once
#include <opad/adversarial/objective/objective.hpp>

namespace opad {

/// Two-class cross-entropy; class 1 is "real", 0 "fake". The released trainer's.
struct CrossEntropy {
  static constexpr std::string_view name = "cross-entropy";
  static constexpr std::int64_t outputs = 2;
  Tensor student(const Tensor& logits) const { return against(logits, 1); }
  Tensor real(const Tensor& logits) const { return against(logits, 1); }
  Tensor fake(const Tensor& logits) const { return against(logits, 0); }

 private:
  static Tensor against(const Tensor& logits, std::int64_t label) {
    return detail::mean_of_each(-at::log_softmax(logits, -1).select(-1, label).reshape({logits.size(0), -1}));
  }
};
static_assert(Objective<CrossEntropy>);

}  // namespace opad
