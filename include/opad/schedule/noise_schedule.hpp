#pragma once
#include <Eigen/Core>
#include <boost/hana.hpp>
#include <concepts>
#include <string_view>

#include <opad/core/error.hpp>
#include <opad/core/number_error.hpp>

namespace opad {

/// How fast a picture drowns in noise:  x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) noise,  t = 0 ... T - 1.
///   schedule.alpha_bar() -> [T]   float64, decreasing: the share of signal power left at step t
/// Laws: 0 <= alpha_bar < 1, strictly decreasing; 0 only as the last value, and only of ZeroTerminalSnr.
/// Models: ScaledLinear, LinearBetas, SquaredCosine, SigmoidBetas, TrainedBetas, ZeroTerminalSnr<any of them>.
template <class S>
concept NoiseSchedule = requires(const S& schedule) {
  { S::name } -> std::convertible_to<std::string_view>;
  { schedule.alpha_bar() } -> std::same_as<Eigen::ArrayXd>;
};

/// alpha_bar_t = prod_{s <= t} (1 - beta_s).   [T] -> [T]
inline Eigen::ArrayXd alpha_bar_of_betas(const Eigen::ArrayXd& betas) {
  Eigen::ArrayXd table = 1 - betas;
  for (Eigen::Index t = 1; t < table.size(); ++t) table[t] *= table[t - 1];
  return table;
}

/// The inverse: beta_t = 1 - alpha_bar_t / alpha_bar_{t-1}.   [T] -> [T]
inline Eigen::ArrayXd betas_of_alpha_bar(const Eigen::ArrayXd& alpha_bar) {
  Eigen::ArrayXd betas = 1 - alpha_bar;
  for (Eigen::Index t = 1; t < betas.size(); ++t) betas[t] = 1 - alpha_bar[t] / alpha_bar[t - 1];
  return betas;
}

/// What the schedules with two betas ask of their numbers.
inline void require_betas(const char* who, std::int64_t steps, double beta_start, double beta_end) {
  require_number(steps >= 2, who, "steps", steps, "2 or more");
  require_number(0 < beta_start && beta_start < 1, who, "beta_start", beta_start, "a number in (0, 1)");
  require_number(beta_start <= beta_end && beta_end < 1, who, "beta_end", beta_end,
                 "beta_start or more, and less than 1");
}

}  // namespace opad
