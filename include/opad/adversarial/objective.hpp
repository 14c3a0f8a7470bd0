#pragma once
#include <boost/hana.hpp>
#include <concepts>
#include <string_view>

#include <opad/core/tensor.hpp>

namespace opad {

/// What a critic's logits mean.
///   outputs                                     logits for each picture
///   student(logits of x̂) -> []                  the student's loss: small when its pictures pass for real
///   critic(logits of real, logits of x̂) -> []   the head's own loss: half the sum of its two sides
/// All are means over the batch (and over positions, for heads that judge patches).  logits [..., outputs]
template <class O>
concept Objective = requires(const O& objective, const Tensor& logits) {
  { O::name } -> std::convertible_to<std::string_view>;
  { O::outputs } -> std::convertible_to<std::int64_t>;
  { objective.student(logits) } -> std::same_as<Tensor>;
  { objective.critic(logits, logits) } -> std::same_as<Tensor>;
};

/// Two-class cross-entropy; class 1 is "real", 0 "fake". The released trainer's.
struct CrossEntropy {
  static constexpr std::string_view name = "cross-entropy";
  static constexpr std::int64_t outputs = 2;
  Tensor student(const Tensor& fake) const { return against(fake, 1); }
  Tensor critic(const Tensor& real, const Tensor& fake) const { return (against(real, 1) + against(fake, 0)) / 2; }

 private:
  static Tensor against(const Tensor& logits, std::int64_t label) {
    const Tensor rows = logits.reshape({-1, outputs});
    return at::cross_entropy_loss(rows, at::full({rows.size(0)}, label, rows.options().dtype(torch::kInt64)));
  }
};

/// Hinge:  student -D(x̂);  critic 1/2 (max(0, 1 - D(x)) + max(0, 1 + D(x̂))).
/// Lim & Ye, "Geometric GAN", 2017, arXiv 1705.02894.
struct Hinge {
  static constexpr std::string_view name = "hinge";
  static constexpr std::int64_t outputs = 1;
  Tensor student(const Tensor& fake) const { return -fake.mean(); }
  Tensor critic(const Tensor& real, const Tensor& fake) const { return (at::relu(1 - real).mean() + at::relu(1 + fake).mean()) / 2; }
};

/// Non-saturating logistic:  student log(1 + e^-D(x̂));  critic 1/2 (log(1 + e^-D(x)) + log(1 + e^D(x̂))).
/// Goodfellow et al., "Generative Adversarial Networks", NeurIPS 2014, arXiv 1406.2661.
struct NonSaturating {
  static constexpr std::string_view name = "non-saturating";
  static constexpr std::int64_t outputs = 1;
  Tensor student(const Tensor& fake) const { return at::softplus(-fake).mean(); }
  Tensor critic(const Tensor& real, const Tensor& fake) const { return (at::softplus(-real).mean() + at::softplus(fake).mean()) / 2; }
};

/// Least squares:  student (D(x̂) - 1)^2;  critic 1/2 ((D(x) - 1)^2 + D(x̂)^2).
/// Mao et al., "Least Squares Generative Adversarial Networks", ICCV 2017, arXiv 1611.04076.
struct LeastSquares {
  static constexpr std::string_view name = "least-squares";
  static constexpr std::int64_t outputs = 1;
  Tensor student(const Tensor& fake) const { return (fake - 1).square().mean(); }
  Tensor critic(const Tensor& real, const Tensor& fake) const { return ((real - 1).square().mean() + fake.square().mean()) / 2; }
};
static_assert(Objective<CrossEntropy> && Objective<Hinge> && Objective<NonSaturating> && Objective<LeastSquares>);

}  // namespace opad
