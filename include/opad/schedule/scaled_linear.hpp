#pragma once
#include <cmath>

#include <opad/schedule/noise_schedule.hpp>

namespace opad {

/// Noise schedule of Stable Diffusion: betas that are linear in their square roots.
///   beta_t = (sqrt(b0) + t/(T-1) (sqrt(b1) - sqrt(b0)))^2        alpha_bar_t = prod_{s <= t} (1 - beta_s)
/// Rombach et al., "High-Resolution Image Synthesis with Latent Diffusion Models", CVPR 2022, arXiv 2112.10752.
/// Returns   alpha_bar [T], float64, strictly decreasing in (0, 1): the share of signal power left at step t.
/// Defaults  SD 2.1 and SD-Turbo; a checkpoint's own scheduler config takes precedence.
/// Throws    opad::Error unless steps >= 2 and 0 < beta_start <= beta_end < 1.
struct ScaledLinear {
  static constexpr std::string_view name = "scaled-linear";
  std::int64_t steps = 1000;
  double beta_start = 0.00085, beta_end = 0.012;
  void check() const { require_betas("ScaledLinear", steps, beta_start, beta_end); }
  Eigen::ArrayXd alpha_bar() const {
    check();
    return alpha_bar_of_betas(Eigen::ArrayXd::LinSpaced(steps, std::sqrt(beta_start), std::sqrt(beta_end)).square());
  }
};
static_assert(NoiseSchedule<ScaledLinear>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::ScaledLinear, steps, beta_start, beta_end);
