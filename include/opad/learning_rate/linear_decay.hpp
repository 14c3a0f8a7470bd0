#pragma once
#include <boost/hana.hpp>

#include <opad/core/number_error.hpp>
#include <opad/learning_rate/learning_rate.hpp>

namespace opad {

/// From 1 after the warm-up down to 0 at the end, in a straight line.
struct LinearDecay {
  static constexpr std::string_view name = "linear";
  std::int64_t warmup = 0;
  void check() const { detail::require_warmup(warmup); }
  double operator()(std::int64_t iteration, std::int64_t total) const {
    return detail::warmed_up(iteration, total, warmup, [](double progress) { return 1 - progress; });
  }
};
static_assert(LearningRate<LinearDecay>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::LinearDecay, warmup);
