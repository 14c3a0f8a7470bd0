#include <opad/coupling/all.hpp>

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
