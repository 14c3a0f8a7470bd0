#pragma once
#include <opad/adversarial/objective/objective.hpp>

namespace lab {

/// The critic's values themselves:  student -D(x̂);  real -D(x);  fake D(x̂). Give it a regulariser, or D grows without
/// bound. Arjovsky et al., "Wasserstein GAN", ICML 2017, arXiv 1701.07875.
struct Wasserstein {
  static constexpr std::string_view name = "wasserstein";
  static constexpr std::int64_t outputs = 1;
  opad::Tensor student(const opad::Tensor& logits) const { return -value(logits); }
  opad::Tensor real(const opad::Tensor& logits) const { return -value(logits); }
  opad::Tensor fake(const opad::Tensor& logits) const { return value(logits); }

 private:
  static opad::Tensor value(const opad::Tensor& logits) { return logits.flatten(1).mean(1); }  // [B, ..., 1] -> [B]
};
static_assert(opad::Objective<Wasserstein>);

}  // namespace lab
