#include <opad/schedule/linear_betas.hpp>
#include <opad/schedule/scaled_linear.hpp>
#include <opad/schedule/sigmoid_betas.hpp>
#include <opad/schedule/squared_cosine.hpp>
#include <opad/schedule/trained_betas.hpp>
#include <opad/schedule/zero_terminal_snr.hpp>

#include "support/catch.hpp"

using namespace opad;

namespace {

bool decreases(const Eigen::ArrayXd& table) {
  return (table.tail(table.size() - 1) < table.head(table.size() - 1)).all();
}

}  // namespace

TEST_CASE("alpha_bar of every schedule decreases strictly inside (0, 1) and gives its betas back", "[schedule]") {
  const auto obeys = [](const auto& schedule, Eigen::Index steps) {
    const Eigen::ArrayXd table = schedule.alpha_bar();
    REQUIRE(table.size() == steps);
    REQUIRE(table[0] < 1);
    REQUIRE(table[steps - 1] > 0);
    REQUIRE(decreases(table));
    const Eigen::ArrayXd betas = betas_of_alpha_bar(table);
    REQUIRE((betas > 0).all());
    REQUIRE((betas < 1).all());
    REQUIRE(((alpha_bar_of_betas(betas) - table).abs() <= 1e-12 * table).all());
    REQUIRE(((TrainedBetas{{betas.begin(), betas.end()}}.alpha_bar() - table).abs() <= 1e-12 * table).all());
  };
  obeys(ScaledLinear{}, 1000);
  obeys(ScaledLinear{.steps = 2, .beta_start = 0.1, .beta_end = 0.1}, 2);
  obeys(LinearBetas{}, 1000);
  obeys(SigmoidBetas{}, 1000);
  obeys(SquaredCosine{}, 1000);
  obeys(SquaredCosine{.steps = 7, .max_beta = 0.5}, 7);
  obeys(TrainedBetas{{0.1, 0.5, 0.2}}, 3);
}

TEST_CASE("each schedule has the betas of its formula", "[schedule]") {
  SECTION("ScaledLinear: equal steps between square roots") {
    const Eigen::ArrayXd roots = betas_of_alpha_bar(ScaledLinear{}.alpha_bar()).sqrt();
    REQUIRE(roots[0] * roots[0] == Approx(0.00085));
    REQUIRE(roots[999] * roots[999] == Approx(0.012));
    REQUIRE(roots[500] - roots[0] == Approx(500 * (roots[1] - roots[0])).epsilon(1e-6));
  }
  SECTION("LinearBetas: equal steps") {
    const Eigen::ArrayXd betas =
        betas_of_alpha_bar(LinearBetas{.steps = 5, .beta_start = 0.1, .beta_end = 0.5}.alpha_bar());
    for (int t = 0; t < 5; ++t) REQUIRE(betas[t] == Approx(0.1 * (t + 1)));
  }
  SECTION("SigmoidBetas: half way in the middle, symmetric about it") {
    const Eigen::ArrayXd betas =
        betas_of_alpha_bar(SigmoidBetas{.steps = 5, .beta_start = 0.1, .beta_end = 0.3}.alpha_bar());
    REQUIRE(betas[2] == Approx(0.2));
    REQUIRE(betas[0] + betas[4] == Approx(0.4));
    REQUIRE(betas[4] == Approx(0.1 + 0.2 / (1 + std::exp(-6.0))));
  }
  SECTION("SquaredCosine: alpha_bar follows cos^2 until the cap") {
    const auto f = [](double u) { return std::pow(std::cos((u + 0.008) / 1.008 * std::acos(-1.0) / 2), 2); };
    const Eigen::ArrayXd table = SquaredCosine{}.alpha_bar();
    REQUIRE(table[499] == Approx(f(0.5) / f(0)));
    REQUIRE(betas_of_alpha_bar(table)[999] == Approx(0.999));
  }
  SECTION("ScaledLinear ends at Stable Diffusion's largest sigma") {
    const double last = ScaledLinear{}.alpha_bar()[999];
    REQUIRE(std::sqrt((1 - last) / last) == Approx(14.6146).epsilon(1e-5));
  }
}

TEST_CASE("zero terminal SNR: exactly 0 at the end, the start stays, and the roots keep their proportions",
          "[schedule]") {
  const Eigen::ArrayXd before = ScaledLinear{}.alpha_bar(), after = ZeroTerminalSnr<ScaledLinear>{}.alpha_bar();
  REQUIRE(after[999] == 0);
  REQUIRE(after[0] == Approx(before[0]).epsilon(1e-12));
  REQUIRE(decreases(after));
  const Eigen::ArrayXd a = before.sqrt(), b = after.sqrt();
  REQUIRE((b[0] - b[500]) / (b[0] - b[999]) == Approx((a[0] - a[500]) / (a[0] - a[999])));
}

TEST_CASE("a schedule of impossible numbers is refused with the numbers in the message", "[schedule]") {
  REQUIRE_THROWS_WITH((ScaledLinear{.steps = 1}.alpha_bar()), ContainsSubstring("ScaledLinear: steps = 1"));
  REQUIRE_THROWS_AS((ScaledLinear{.beta_start = 0}.alpha_bar()), Error);
  REQUIRE_THROWS_AS((LinearBetas{.beta_start = 0.3, .beta_end = 0.2}.alpha_bar()), Error);
  REQUIRE_THROWS_WITH((SigmoidBetas{.beta_end = 1}.alpha_bar()), ContainsSubstring("beta_end = 1"));
  REQUIRE_THROWS_AS((SquaredCosine{.max_beta = 1}.alpha_bar()), Error);
  REQUIRE_THROWS_AS((TrainedBetas{{0.1, 0.0}}.alpha_bar()), Error);
  REQUIRE_THROWS_WITH((TrainedBetas{{0.1}}.alpha_bar()), ContainsSubstring("at least two"));
}
