#pragma once
#include <opad/schedule/noise_schedule.hpp>

namespace opad {

/// Betas that rise along a logistic curve:  beta_t = b0 + (b1 - b0) / (1 + exp(-u_t)),  u_t linear from -6 to 6.
/// Xu et al., "GeoDiff: a Geometric Diffusion Model for Molecular Conformation Generation", ICLR 2022, arXiv
/// 2203.02923.
/// Returns   alpha_bar [T], float64, strictly decreasing in (0, 1).
/// Throws    opad::Error unless steps >= 2 and 0 < beta_start <= beta_end < 1.
struct SigmoidBetas {
  static constexpr std::string_view name = "sigmoid";
  std::int64_t steps = 1000;
  double beta_start = 0.0001, beta_end = 0.02;
  void check() const { require_betas("SigmoidBetas", steps, beta_start, beta_end); }
  Eigen::ArrayXd alpha_bar() const {
    check();
    return alpha_bar_of_betas(beta_start +
                              (beta_end - beta_start) / (1 + (-Eigen::ArrayXd::LinSpaced(steps, -6, 6)).exp()));
  }
};
static_assert(NoiseSchedule<SigmoidBetas>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::SigmoidBetas, steps, beta_start, beta_end);
