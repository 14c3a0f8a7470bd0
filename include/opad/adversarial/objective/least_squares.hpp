#pragma once
#include <opad/adversarial/objective/objective.hpp>

namespace opad {

/// Least squares:  student, real (D - 1)^2;  fake D^2.
/// Mao et al., "Least Squares Generative Adversarial Networks", ICCV 2017, arXiv 1611.04076.
struct LeastSquares {
  static constexpr std::string_view name = "least-squares";
  static constexpr std::int64_t outputs = 1;
  Tensor student(const Tensor& logits) const { return detail::mean_of_each((logits - 1).square()); }
  Tensor real(const Tensor& logits) const { return detail::mean_of_each((logits - 1).square()); }
  Tensor fake(const Tensor& logits) const { return detail::mean_of_each(logits.square()); }
};
static_assert(Objective<LeastSquares>);

}  // namespace opad
