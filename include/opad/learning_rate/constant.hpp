#pragma once
#include <algorithm>
#include <boost/hana.hpp>

#include <opad/core/number_error.hpp>
#include <opad/learning_rate/learning_rate.hpp>

namespace opad {

/// 1 between warm-up and cool-down. Over the last `cooldown_share` of the iterations, in [0, 1], it falls linearly:
/// (total - iteration) / (cooldown_share total + 1), so that the student does not end where the critics' last noise
/// threw it. The released trainer's has neither. Constant rate with cool-down: Hägele et al., NeurIPS 2024.
struct Constant {
  static constexpr std::string_view name = "constant";
  std::int64_t warmup = 0;
  double cooldown_share = 0;
  void check() const {
    detail::require_warmup(warmup);
    require_number(0 <= cooldown_share && cooldown_share <= 1, "Constant", "cooldown_share", cooldown_share, "0 to 1");
  }
  double operator()(std::int64_t iteration, std::int64_t total) const {
    check();
    const double falling = static_cast<double>(total - iteration) / (cooldown_share * static_cast<double>(total) + 1);
    return std::min(detail::warmed_up(iteration, total, warmup, [](double) { return 1.0; }), std::min(1.0, falling));
  }
};
static_assert(LearningRate<Constant>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::Constant, warmup, cooldown_share);
