#pragma once
#include <algorithm>
#include <boost/hana.hpp>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <numbers>
#include <string_view>

#include <opad/core/error.hpp>

namespace opad {

/// The factor on every learning rate, in [0, 1], as a pure function of (iteration, total), iterations counted from 0.
/// The first `warmup` iterations rise linearly: (iteration + 1) / (warmup + 1).
template <class R>
concept LearningRate = requires(const R& rate, std::int64_t iteration) {
  { R::name } -> std::convertible_to<std::string_view>;
  { rate(iteration, iteration) } -> std::convertible_to<double>;
};

namespace detail {
/// `after(progress)` once the warm-up is over, progress in [0, 1) of what remains.
template <class After>
double warmed_up(std::int64_t iteration, std::int64_t total, std::int64_t warmup, After&& after) {
  if (iteration < warmup) return static_cast<double>(iteration + 1) / static_cast<double>(warmup + 1);
  return after(total > warmup ? static_cast<double>(iteration - warmup) / static_cast<double>(total - warmup) : 0.0);
}
}  // namespace detail

/// 1 between warm-up and cool-down. Over the last `cooldown_share` of the iterations, in [0, 1], it falls linearly:
/// (total - iteration) / (cooldown_share total + 1), so that the student does not end where the critics' last noise
/// threw it. The released trainer's has neither. Constant rate with cool-down: Hägele et al., NeurIPS 2024.
struct Constant {
  static constexpr std::string_view name = "constant";
  std::int64_t warmup = 0;
  double cooldown_share = 0;
  double operator()(std::int64_t iteration, std::int64_t total) const {
    require(0 <= cooldown_share && cooldown_share <= 1, "learning rate: cooldown_share = ", cooldown_share,
            "; give 0 to 1");
    const double falling = static_cast<double>(total - iteration) / (cooldown_share * static_cast<double>(total) + 1);
    return std::min(detail::warmed_up(iteration, total, warmup, [](double) { return 1.0; }), std::min(1.0, falling));
  }
};

/// From 1 after the warm-up down to 0 at the end, in a straight line.
struct LinearDecay {
  static constexpr std::string_view name = "linear";
  std::int64_t warmup = 0;
  double operator()(std::int64_t iteration, std::int64_t total) const {
    return detail::warmed_up(iteration, total, warmup, [](double progress) { return 1 - progress; });
  }
};

/// From 1 after the warm-up down to 0 at the end, along half a cosine.
struct Cosine {
  static constexpr std::string_view name = "cosine";
  std::int64_t warmup = 0;
  double operator()(std::int64_t iteration, std::int64_t total) const {
    return detail::warmed_up(iteration, total, warmup,
                             [](double progress) { return 0.5 * (1 + std::cos(std::numbers::pi * progress)); });
  }
};
static_assert(LearningRate<Constant> && LearningRate<LinearDecay> && LearningRate<Cosine>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::Constant, warmup, cooldown_share);
BOOST_HANA_ADAPT_STRUCT(opad::LinearDecay, warmup);
BOOST_HANA_ADAPT_STRUCT(opad::Cosine, warmup);
