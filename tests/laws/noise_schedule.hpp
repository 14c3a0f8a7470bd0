#pragma once
/// The laws that every NoiseSchedule obeys (schedule/noise_schedule.hpp).
#include <opad/schedule/noise_schedule.hpp>

#include "support/catch.hpp"

namespace laws {

/// The same table each time, strictly decreasing in [0, 1), 0 at most as its last value; betas give it back.
template <opad::NoiseSchedule S>
void noise_schedule(const S& schedule) {
  const Eigen::ArrayXd table = schedule.alpha_bar();
  REQUIRE(table.size() >= 2);
  REQUIRE((table == schedule.alpha_bar()).all());
  REQUIRE(table[0] < 1);
  REQUIRE((table.head(table.size() - 1) > table.tail(table.size() - 1)).all());
  REQUIRE(table[table.size() - 2] > 0);
  REQUIRE(table[table.size() - 1] >= 0);
  REQUIRE(((opad::alpha_bar_of_betas(opad::betas_of_alpha_bar(table)) - table).abs() <= 1e-12).all());
}

}  // namespace laws
