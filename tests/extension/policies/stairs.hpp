#pragma once
#include <boost/hana.hpp>
#include <cmath>
#include <utility>

#include <opad/learning_rate/learning_rate.hpp>

namespace lab {

/// Down in stairs: `stairs` of equal length, each with `factor` times the rate of the one before.
struct Stairs {
  static constexpr std::string_view name = "stairs";
  std::int64_t stairs = 3;
  double factor = 0.3;
  static constexpr std::pair<std::string_view, std::string_view> help[] = {
      {"stairs", "how many"}, {"factor", "of each against the one before"}};
  double operator()(std::int64_t iteration, std::int64_t total) const {
    opad::require(stairs >= 1 && 0 < factor && factor <= 1, "Stairs: ", stairs, " stairs, factor ", factor,
                  "; give 1 or more, and a factor in (0, 1]");
    return std::pow(factor, static_cast<double>(iteration * stairs / total));
  }
};
static_assert(opad::LearningRate<Stairs>);

}  // namespace lab

BOOST_HANA_ADAPT_STRUCT(lab::Stairs, stairs, factor);
