#include <opad/coupling/coupling.hpp>
#include <opad/train/learning_rate.hpp>

#include "support/catch.hpp"

using namespace opad;

TEST_CASE("Couplings say who moves", "[coupling]") {
  REQUIRE(Joint{}(0, 10) == Moves{true, true, true});
  REQUIRE(FrozenTeacher{}(3, 10) == Moves{false, true, true});
  REQUIRE(Sequential{.teacher_share = 0.3}(2, 10) == Moves{true, false, false});
  REQUIRE(Sequential{.teacher_share = 0.3}(3, 10) == Moves{false, true, true});
  REQUIRE_THROWS_AS(Sequential{.teacher_share = 1}(0, 10), Error);
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
