#pragma once
#include <algorithm>
#include <cmath>
#include <numbers>

#include <opad/core/number_error.hpp>
#include <opad/schedule/noise_schedule.hpp>

namespace opad {

/// The cosine schedule ("squaredcos_cap_v2"), s = 0.008:
///   beta_t = min(1 - f((t+1)/T) / f(t/T), max_beta),     f(u) = cos^2(pi/2 (u + s)/(1 + s))
/// Nichol & Dhariwal, "Improved Denoising Diffusion Probabilistic Models", ICML 2021, arXiv 2102.09672.
/// Returns   alpha_bar [T], float64, strictly decreasing in (0, 1).
/// Throws    opad::Error unless steps >= 2 and 0 < max_beta < 1.
struct SquaredCosine {
  static constexpr std::string_view name = "squared-cosine";
  std::int64_t steps = 1000;
  double max_beta = 0.999;
  void check() const {
    require_number(steps >= 2, "SquaredCosine", "steps", steps, "2 or more");
    require_number(0 < max_beta && max_beta < 1, "SquaredCosine", "max_beta", max_beta, "a number in (0, 1)");
  }
  Eigen::ArrayXd alpha_bar() const {
    check();
    const auto f = [](double u) { return std::pow(std::cos((u + 0.008) / 1.008 * std::numbers::pi / 2), 2); };
    Eigen::ArrayXd betas(steps);
    for (std::int64_t t = 0; t < steps; ++t)
      betas[t] = std::min(1 - f(static_cast<double>(t + 1) / steps) / f(static_cast<double>(t) / steps), max_beta);
    return alpha_bar_of_betas(betas);
  }
};
static_assert(NoiseSchedule<SquaredCosine>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::SquaredCosine, steps, max_beta);
