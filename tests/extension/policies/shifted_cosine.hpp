#pragma once
#include <boost/hana.hpp>
#include <cmath>
#include <numbers>

#include <opad/schedule/noise_schedule.hpp>

namespace lab {

/// The cosine schedule for pictures of another size: its log SNR plus 2 log(shift), u = (t + 1/2) / T,
///   log SNR = -2 log tan(pi u / 2) + 2 log shift,      alpha_bar = sigmoid(log SNR).
/// Hoogeboom et al., "Simple Diffusion", ICML 2023, arXiv 2301.11093; there shift is 64 over the pictures' side.
struct ShiftedCosine {
  static constexpr std::string_view name = "shifted-cosine";
  std::int64_t steps = 1000;
  double shift = 0.5;
  Eigen::ArrayXd alpha_bar() const {  // [T], float64, strictly decreasing in (0, 1)
    opad::require(steps >= 2 && shift > 0, "ShiftedCosine: ", steps, " steps, shift ", shift,
                  "; give 2 steps or more, and a positive shift");
    Eigen::ArrayXd table(steps);
    for (std::int64_t t = 0; t < steps; ++t) {
      const double u = (static_cast<double>(t) + 0.5) / static_cast<double>(steps);
      table[t] = 1 / (1 + std::pow(std::tan(std::numbers::pi / 2 * u) / shift, 2));
    }
    return table;
  }
};
static_assert(opad::NoiseSchedule<ShiftedCosine>);

}  // namespace lab

BOOST_HANA_ADAPT_STRUCT(lab::ShiftedCosine, steps, shift);
