#include <opad/schedule/spacing.hpp>

#include "support/catch.hpp"

using namespace opad;
using Timesteps = std::vector<double>;

TEST_CASE("the three spacings by hand", "[schedule][spacing]") {
  REQUIRE(spaced_timesteps(Spacing::Leading, 1000, 4, 0) == Timesteps{750, 500, 250, 0});
  REQUIRE(spaced_timesteps(Spacing::Leading, 1000, 4, 1) == Timesteps{751, 501, 251, 1});
  REQUIRE(spaced_timesteps(Spacing::Leading, 1000, 3, 1) == Timesteps{667, 334, 1});  // 1000 / 3 rounded down
  REQUIRE(spaced_timesteps(Spacing::Trailing, 1000, 1, 1) == Timesteps{999});         // the offset is leading's alone
  REQUIRE(spaced_timesteps(Spacing::Trailing, 1000, 2, 0) == Timesteps{999, 499});
  REQUIRE(spaced_timesteps(Spacing::Trailing, 1000, 3, 0) == Timesteps{999, 666, 332});
  REQUIRE(spaced_timesteps(Spacing::Linspace, 1000, 4, 0) == Timesteps{999, 666, 333, 0});
  REQUIRE(spaced_timesteps(Spacing::Linspace, 1000, 1, 0) == Timesteps{0});
  REQUIRE(spaced_timesteps(Spacing::Linspace, 4, 3, 0) == Timesteps{3, 1.5, 0});
}

TEST_CASE("trailing rounds half to even", "[schedule][spacing]") {
  const auto timesteps = spaced_timesteps(Spacing::Trailing, 1000, 16, 0);  // 1000 - 62.5 k
  REQUIRE(Timesteps(timesteps.begin(), timesteps.begin() + 4) == Timesteps{999, 937, 874, 811});
}

TEST_CASE("every spacing gives as many timesteps as asked for, falling, within the training's", "[schedule][spacing]") {
  for (const std::int64_t train_steps : {10, 50, 100, 1000})
    for (std::int64_t count = 1; count <= train_steps; ++count)
      for (const Spacing spacing : {Spacing::Leading, Spacing::Trailing, Spacing::Linspace}) {
        auto timesteps = spaced_timesteps(spacing, train_steps, count, 0);
        round_timesteps(timesteps);
        const bool falls =
            std::adjacent_find(timesteps.begin(), timesteps.end(), std::less_equal<>{}) == timesteps.end();
        if (static_cast<std::int64_t>(timesteps.size()) != count || !falls || timesteps.back() < 0 ||
            timesteps.front() >= static_cast<double>(train_steps))
          FAIL("spacing " << static_cast<int>(spacing) << ", " << count << " of " << train_steps);
      }
  SUCCEED();
}

TEST_CASE("impossible numbers of steps and unknown spacings are refused", "[schedule][spacing]") {
  REQUIRE_THROWS_WITH(spaced_timesteps(Spacing::Leading, 1000, 0, 0), ContainsSubstring("give 1 to 1000"));
  REQUIRE_THROWS_AS(spaced_timesteps(Spacing::Trailing, 1000, 1001, 0), Error);
  REQUIRE(parse_spacing("linspace", "here") == Spacing::Linspace);
  REQUIRE_THROWS_WITH(parse_spacing("lead", "here"), ContainsSubstring("here: timestep_spacing 'lead'"));
}
