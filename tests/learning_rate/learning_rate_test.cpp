#include <opad/learning_rate/all.hpp>

#include "support/catch.hpp"

using namespace opad;

TEST_CASE(
    "A constant rate may cool down: it falls linearly over the last share alone, and the last iteration still counts",
    "[train][learning-rate]") {
  const Constant rate{.cooldown_share = 0.4};
  for (std::int64_t k = 0; k < 10; ++k) REQUIRE(rate(k, 10) == Approx(k < 6 ? 1 : (10 - k) / 5.));
  REQUIRE(rate(599, 1000) == 1);
  REQUIRE(rate(999, 1000) == Approx(1 / 401.));
  REQUIRE(Constant{.cooldown_share = 1}(0, 10) == Approx(10. / 11));
  const Constant both{.warmup = 9, .cooldown_share = 0.9};  // they meet in the middle
  for (std::int64_t k = 0; k < 10; ++k) REQUIRE(both(k, 10) == Approx(std::min(k + 1, 10 - k) / 10.));
  REQUIRE_THROWS_AS((Constant{.cooldown_share = -0.1}(0, 10)), Error);
  REQUIRE_THROWS_AS((Constant{.cooldown_share = 1.1}(0, 10)), Error);
}

TEST_CASE("Learning rates warm up, then follow their curve", "[train][learning-rate]") {
  REQUIRE(Constant{}(0, 10) == 1);
  REQUIRE(Constant{.warmup = 4}(0, 10) == Approx(0.2));
  REQUIRE(Constant{.warmup = 4}(4, 10) == 1);
  REQUIRE(LinearDecay{.warmup = 2}(2, 10) == 1);
  REQUIRE(LinearDecay{.warmup = 2}(6, 10) == Approx(0.5));
  REQUIRE(Cosine{}(5, 10) == Approx(0.5));
  REQUIRE(Cosine{}(0, 10) == 1);
  REQUIRE(Cosine{}(9, 10) > 0);
}
