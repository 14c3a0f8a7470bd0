#pragma once
#include <opad/schedule/noise_schedule.hpp>

namespace opad {

/// The first noise schedule of diffusion models:  beta_t = b0 + t/(T-1) (b1 - b0).
/// Ho, Jain, Abbeel, "Denoising Diffusion Probabilistic Models", NeurIPS 2020, arXiv 2006.11239; its numbers are the
/// defaults.
/// Returns   alpha_bar [T], float64, strictly decreasing in (0, 1).
/// Throws    opad::Error unless steps >= 2 and 0 < beta_start <= beta_end < 1.
struct LinearBetas {
  static constexpr std::string_view name = "linear";
  std::int64_t steps = 1000;
  double beta_start = 0.0001, beta_end = 0.02;
  void check() const { require_betas("LinearBetas", steps, beta_start, beta_end); }
  Eigen::ArrayXd alpha_bar() const {
    check();
    return alpha_bar_of_betas(Eigen::ArrayXd::LinSpaced(steps, beta_start, beta_end));
  }
};
static_assert(NoiseSchedule<LinearBetas>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::LinearBetas, steps, beta_start, beta_end);
