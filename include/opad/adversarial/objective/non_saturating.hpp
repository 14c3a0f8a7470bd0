#pragma once
#include <opad/adversarial/objective/objective.hpp>

namespace opad {

/// Non-saturating logistic:  student, real log(1 + e^-D);  fake log(1 + e^D).
/// Goodfellow et al., "Generative Adversarial Networks", NeurIPS 2014, arXiv 1406.2661.
struct NonSaturating {
  static constexpr std::string_view name = "non-saturating";
  static constexpr std::int64_t outputs = 1;
  Tensor student(const Tensor& logits) const { return detail::mean_of_each(at::softplus(-logits)); }
  Tensor real(const Tensor& logits) const { return detail::mean_of_each(at::softplus(-logits)); }
  Tensor fake(const Tensor& logits) const { return detail::mean_of_each(at::softplus(logits)); }
};
static_assert(Objective<NonSaturating>);

}  // namespace opad
