#pragma once
#include <boost/hana.hpp>
#include <concepts>
#include <string_view>

#include <opad/core/tensor.hpp>

namespace opad {

/// What a critic's logits mean. Each is a loss for every picture, the mean over positions for heads that judge patches:
///   outputs                   logits for each picture or position
///   student(logits of x̂)      the student's: small when its pictures pass for real
///   real(logits of real)      the head's own two sides; its loss is half the sum of their means
///   fake(logits of x̂)
///   logits [B, ..., outputs] -> [B]
template <class O>
concept Objective = requires(const O& objective, const Tensor& logits) {
  { O::name } -> std::convertible_to<std::string_view>;
  { O::outputs } -> std::convertible_to<std::int64_t>;
  { objective.student(logits) } -> std::same_as<Tensor>;
  { objective.real(logits) } -> std::same_as<Tensor>;
  { objective.fake(logits) } -> std::same_as<Tensor>;
};

namespace detail {
/// [B, ...] -> [B]
inline Tensor mean_of_each(const Tensor& losses) { return losses.flatten(1).mean(1); }
}  // namespace detail

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

/// Hinge:  student -D(x̂);  real max(0, 1 - D(x));  fake max(0, 1 + D(x̂)).
/// Lim & Ye, "Geometric GAN", 2017, arXiv 1705.02894.
struct Hinge {
  static constexpr std::string_view name = "hinge";
  static constexpr std::int64_t outputs = 1;
  Tensor student(const Tensor& logits) const { return detail::mean_of_each(-logits); }
  Tensor real(const Tensor& logits) const { return detail::mean_of_each(at::relu(1 - logits)); }
  Tensor fake(const Tensor& logits) const { return detail::mean_of_each(at::relu(1 + logits)); }
};

/// Non-saturating logistic:  student, real log(1 + e^-D);  fake log(1 + e^D).
/// Goodfellow et al., "Generative Adversarial Networks", NeurIPS 2014, arXiv 1406.2661.
struct NonSaturating {
  static constexpr std::string_view name = "non-saturating";
  static constexpr std::int64_t outputs = 1;
  Tensor student(const Tensor& logits) const { return detail::mean_of_each(at::softplus(-logits)); }
  Tensor real(const Tensor& logits) const { return detail::mean_of_each(at::softplus(-logits)); }
  Tensor fake(const Tensor& logits) const { return detail::mean_of_each(at::softplus(logits)); }
};

/// Least squares:  student, real (D - 1)^2;  fake D^2.
/// Mao et al., "Least Squares Generative Adversarial Networks", ICCV 2017, arXiv 1611.04076.
struct LeastSquares {
  static constexpr std::string_view name = "least-squares";
  static constexpr std::int64_t outputs = 1;
  Tensor student(const Tensor& logits) const { return detail::mean_of_each((logits - 1).square()); }
  Tensor real(const Tensor& logits) const { return detail::mean_of_each((logits - 1).square()); }
  Tensor fake(const Tensor& logits) const { return detail::mean_of_each(logits.square()); }
};
static_assert(Objective<CrossEntropy> && Objective<Hinge> && Objective<NonSaturating> && Objective<LeastSquares>);

}  // namespace opad
