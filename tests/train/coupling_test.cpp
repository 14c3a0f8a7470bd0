#include <opad/coupling/all.hpp>
#include <opad/coupling/collaborative.hpp>
#include <opad/learning_rate/all.hpp>

#include "support/catch.hpp"

using namespace opad;

TEST_CASE("Couplings say who moves", "[coupling]") {
  REQUIRE(Joint{}(4, 10) == Moves{true, true, true, 4});
  REQUIRE(FrozenTeacher{}(3, 10) == Moves{false, true, true, 3});
  REQUIRE(StudentOnly{}(3, 10) == Moves{false, true, true, 3});
  REQUIRE(TeacherOnly{}(3, 10) == Moves{true, false, false, 0});
  REQUIRE(Sequential{.teacher_share = 0.3}(2, 10) == Moves{true, false, false});
  REQUIRE(Sequential{.teacher_share = 0.3}(3, 10) == Moves{false, true, true, 0});
  REQUIRE_THROWS_AS(Sequential{.teacher_share = 1}(0, 10), Error);
}

TEST_CASE("The second stage goes on where the first ended", "[coupling][collaborative]") {
  const Collaborative<> joint{.joint_share = 0.6};
  REQUIRE(joint.boundary(10) == 6);
  for (std::int64_t k = 0; k < 10; ++k) REQUIRE(joint(k, 10) == Moves{true, true, true, k});
  const Collaborative<Sequential> sequential{.joint_share = 0.5, .base = {.teacher_share = 0.5}};
  REQUIRE(sequential(1, 8) == Moves{true, false, false});
  REQUIRE(sequential(3, 8) == Moves{false, true, true, 1});
  REQUIRE(sequential(7, 8) == Moves{false, true, true, 3});
  REQUIRE_THROWS_AS(Collaborative<>{.joint_share = 1}.boundary(10), Error);
}

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
