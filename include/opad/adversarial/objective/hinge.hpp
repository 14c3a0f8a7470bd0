#pragma once
#include <opad/adversarial/objective/objective.hpp>

namespace opad {

/// Hinge:  student -D(x̂);  real max(0, 1 - D(x));  fake max(0, 1 + D(x̂)).
/// Lim & Ye, "Geometric GAN", 2017, arXiv 1705.02894.
struct Hinge {
  static constexpr std::string_view name = "hinge";
  static constexpr std::int64_t outputs = 1;
  Tensor student(const Tensor& logits) const { return detail::mean_of_each(-logits); }
  Tensor real(const Tensor& logits) const { return detail::mean_of_each(at::relu(1 - logits)); }
  Tensor fake(const Tensor& logits) const { return detail::mean_of_each(at::relu(1 + logits)); }
};
static_assert(Objective<Hinge>);

}  // namespace opad
