#pragma once
#include <boost/hana.hpp>
#include <cmath>
#include <numbers>

#include <opad/core/number_error.hpp>
#include <opad/learning_rate/learning_rate.hpp>

namespace opad {

/// From 1 after the warm-up down to 0 at the end, along half a cosine.
struct Cosine {
  static constexpr std::string_view name = "cosine";
  std::int64_t warmup = 0;
  void check() const { detail::require_warmup(warmup); }
  double operator()(std::int64_t iteration, std::int64_t total) const {
    return detail::warmed_up(iteration, total, warmup,
                             [](double progress) { return 0.5 * (1 + std::cos(std::numbers::pi * progress)); });
  }
};
static_assert(LearningRate<Cosine>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::Cosine, warmup);
