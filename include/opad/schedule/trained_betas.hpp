#pragma once
#include <vector>

#include <opad/schedule/noise_schedule.hpp>

namespace opad {

/// Betas given one by one, as a scheduler config's "trained_betas".
/// Returns   alpha_bar [T], float64, strictly decreasing in (0, 1).
/// Throws    opad::Error unless there are at least two, all in (0, 1).
struct TrainedBetas {
  static constexpr std::string_view name = "trained-betas";
  std::vector<double> betas;
  Eigen::ArrayXd alpha_bar() const {
    const Eigen::Map<const Eigen::ArrayXd> values(betas.data(), static_cast<Eigen::Index>(betas.size()));
    require(values.size() >= 2 && (values > 0).all() && (values < 1).all(), "TrainedBetas: ", betas.size(),
            " betas; give at least two, each between 0 and 1");
    return alpha_bar_of_betas(values);
  }
};
static_assert(NoiseSchedule<TrainedBetas>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::TrainedBetas, betas);
