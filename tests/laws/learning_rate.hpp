#pragma once
/// The laws that every LearningRate obeys (learning_rate/learning_rate.hpp).
#include <opad/learning_rate/learning_rate.hpp>

#include "support/catch.hpp"

namespace laws {

/// A pure function in [0, 1]; where it has a warm-up, rising during it and 1 right after it.
template <opad::LearningRate R>
void learning_rate(R rate) {
  for (const std::int64_t total : {1, 2, 20})
    for (std::int64_t k = 0; k < total; ++k) {
      REQUIRE((0 <= rate(k, total) && rate(k, total) <= 1));
      REQUIRE(rate(k, total) == rate(k, total));
    }
  if constexpr (requires { rate.warmup; }) {
    REQUIRE(rate(0, 20) == 1);
    rate.warmup = 5;
    for (std::int64_t k = 1; k < 5; ++k) REQUIRE(rate(k - 1, 20) < rate(k, 20));
    REQUIRE(rate(5, 20) == 1);
    for (std::int64_t k = 0; k < 3; ++k) REQUIRE((0 <= rate(k, 3) && rate(k, 3) <= 1));  // shorter than its warm-up
  }
}

}  // namespace laws
