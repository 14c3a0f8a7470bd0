#pragma once
#include <concepts>
#include <string_view>

#include <boost/hana.hpp>

#include <opad/core/tensor.hpp>

namespace opad {

/// omega(t') of the alignment terms: how much a teacher's answer at noise level t' counts.  alpha_bar [B] -> [B]
template <class W>
concept TimestepWeight = requires(const W& weighting, const Tensor& alpha_bar) {
  { W::name } -> std::convertible_to<std::string_view>;
  { weighting(alpha_bar) } -> std::same_as<Tensor>;
};

/// omega = alpha_bar: the answers at high noise, which know little of the picture, count little. The released
/// trainer's.
struct AlphaBar {
  static constexpr std::string_view name = "alpha-bar";
  Tensor operator()(const Tensor& alpha_bar) const { return alpha_bar; }
};

/// omega = 1.
struct Uniform {
  static constexpr std::string_view name = "uniform";
  Tensor operator()(const Tensor& alpha_bar) const { return at::ones_like(alpha_bar); }
};

/// omega = min(SNR, gamma) / gamma in [0, 1] with SNR = alpha_bar / (1 - alpha_bar): the answers count as in Uniform up
/// to the noise level where SNR = gamma, less above.  gamma > 0. Hang et al., "Efficient Diffusion Training via Min-SNR
/// Weighting Strategy", ICCV 2023, arXiv 2303.09556 (gamma = 5, for x0 prediction).
struct MinSnr {
  static constexpr std::string_view name = "min-snr";
  double gamma = 5.0;
  Tensor operator()(const Tensor& alpha_bar) const {
    require(gamma > 0, "MinSnr: gamma = ", gamma, "; give gamma > 0");
    return (alpha_bar / (1 - alpha_bar)).clamp_max(gamma) / gamma;
  }
};
static_assert(TimestepWeight<AlphaBar> && TimestepWeight<Uniform> && TimestepWeight<MinSnr>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::MinSnr, gamma);
