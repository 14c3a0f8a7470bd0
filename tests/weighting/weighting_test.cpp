#include <opad/weighting/all.hpp>

#include "support/catch.hpp"

using namespace opad;

TEST_CASE("Weightings of the noise level follow their formulas", "[loss][weighting]") {
  const auto alpha_bar = torch::tensor({0.9, 0.5, 0.1}, torch::kFloat64);
  REQUIRE(at::equal(AlphaBar{}(alpha_bar), alpha_bar));
  REQUIRE(at::equal(Uniform{}(alpha_bar), torch::ones(3, torch::kFloat64)));
  // signal-to-noise ratios 9, 1, 1/9, cut at 3, over 3
  REQUIRE(at::allclose(MinSnr{.gamma = 3}(alpha_bar), torch::tensor({1.0, 1.0 / 3, 1.0 / 27}, torch::kFloat64)));
  REQUIRE_THROWS_AS(MinSnr{.gamma = 0}(alpha_bar), Error);
}
