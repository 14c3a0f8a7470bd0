#pragma once
#include <concepts>
#include <cstdint>
#include <string_view>

#include <opad/core/error.hpp>
#include <opad/core/number_error.hpp>

namespace opad {

/// The factor on every learning rate, in [0, 1], as a pure function of (iteration, total), iterations counted from 0.
/// The first `warmup` iterations rise linearly: (iteration + 1) / (warmup + 1).
template <class R>
concept LearningRate = requires(const R& rate, std::int64_t iteration) {
  { R::name } -> std::convertible_to<std::string_view>;
  { rate(iteration, iteration) } -> std::convertible_to<double>;
};

namespace detail {
inline void require_warmup(std::int64_t warmup) {
  require_number(warmup >= 0, "LearningRate", "warmup", warmup, "0 or more");
}
/// `after(progress)` once the warm-up is over, progress in [0, 1) of what remains.
template <class After>
double warmed_up(std::int64_t iteration, std::int64_t total, std::int64_t warmup, After&& after) {
  require_warmup(warmup);
  if (iteration < warmup) return static_cast<double>(iteration + 1) / static_cast<double>(warmup + 1);
  return after(total > warmup ? static_cast<double>(iteration - warmup) / static_cast<double>(total - warmup) : 0.0);
}
}  // namespace detail

}  // namespace opad
