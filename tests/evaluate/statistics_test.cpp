#include <opad/evaluate/statistics.hpp>
#include <opad/io/json.hpp>

#include "support/catch.hpp"

using namespace opad;

namespace {

Eigen::ArrayXd array(const std::vector<double>& values) {
  return Eigen::Map<const Eigen::ArrayXd>(values.data(), values.size());
}

Stream stream(const char* name = "test") { return Random(1).stream(name); }

Interval interval(const Eigen::ArrayXd& values, BootstrapInterval kind, double level = 0.95) {
  return bootstrap_interval(values, stream(), {.kind = kind, .level = level});
}

Eigen::ArrayXd normal(Stream& random, std::int64_t n) {
  const Tensor draws = random.normal({n}).to(torch::kFloat64);
  return Eigen::Map<const Eigen::ArrayXd>(draws.data_ptr<double>(), n);
}

}  // namespace

TEST_CASE("Intervals and p-values are those of scipy", "[evaluate][statistics]") {
  const Json cases = read_json(OPAD_SOURCE_DIR "/tests/golden/evaluate/statistics.json");
  REQUIRE(cases.size() >= 5);
  for (const auto& [name, one] : cases.items()) {
    INFO(name);
    const Eigen::ArrayXd values = array(one.at("values").get<std::vector<double>>());
    REQUIRE(values.mean() == Approx(one.at("mean").get<double>()).epsilon(1e-12));
    REQUIRE(deviation(values) == Approx(one.at("deviation").get<double>()).epsilon(1e-12));
    REQUIRE(paired_permutation_test(values, stream()) == Approx(one.at("p").get<double>()).epsilon(1e-12));
    for (const auto& [level, key] : {std::pair{0.95, "95"}, {0.80, "80"}})
      for (const auto& [kind, title] : {std::pair{BootstrapInterval::Percentile, "percentile"},
                                        {BootstrapInterval::Bca, "bca"},
                                        {BootstrapInterval::Expanded, "expanded"}}) {
        INFO(title << " " << key);
        const Interval got = interval(values, kind, level);
        REQUIRE(got.low == Approx(one.at(key).at(title).at(0).get<double>()).epsilon(1e-9).margin(1e-12));
        REQUIRE(got.high == Approx(one.at(key).at(title).at(1).get<double>()).epsilon(1e-9).margin(1e-12));
      }
  }
}

TEST_CASE("Each interval covers the mean of few normal values as often as its description says",
          "[evaluate][statistics]") {
  constexpr int trials = 600;
  std::map<BootstrapInterval, int> covered;
  Stream random = stream("coverage");
  for (int i = 0; i < trials; ++i) {
    const Eigen::ArrayXd values = normal(random, 5);
    for (const auto kind : {BootstrapInterval::Percentile, BootstrapInterval::Bca, BootstrapInterval::Expanded}) {
      const Interval got = interval(values, kind);
      covered[kind] += got.low <= 0 && 0 <= got.high;
    }
  }
  const auto share = [&](BootstrapInterval kind) { return covered[kind] / static_cast<double>(trials); };
  INFO(share(BootstrapInterval::Percentile)
       << " " << share(BootstrapInterval::Bca) << " " << share(BootstrapInterval::Expanded));
  REQUIRE(share(BootstrapInterval::Percentile) < 0.89);
  REQUIRE(share(BootstrapInterval::Bca) < 0.89);
  REQUIRE(share(BootstrapInterval::Expanded) > 0.90);
}

TEST_CASE("With many values every interval is close to that of the normal distribution", "[evaluate][statistics]") {
  Stream random = stream("many");
  const Eigen::ArrayXd values = normal(random, 200) * 2 + 5;
  const double half = 1.96 * deviation(values) / std::sqrt(200);
  for (const auto kind : {BootstrapInterval::Percentile, BootstrapInterval::Bca, BootstrapInterval::Expanded}) {
    const Interval got = interval(values, kind);
    REQUIRE(got.low == Approx(values.mean() - half).margin(0.03));
    REQUIRE(got.high == Approx(values.mean() + half).margin(0.03));
  }
}

TEST_CASE("Intervals move with their values", "[evaluate][statistics]") {
  Stream random = stream("moves");
  for (const std::int64_t n : {5, 12}) {  // all resamples, random ones
    const Eigen::ArrayXd values = normal(random, n);
    for (const auto kind : {BootstrapInterval::Percentile, BootstrapInterval::Bca, BootstrapInterval::Expanded}) {
      const Interval got = interval(values, kind), moved = interval(values * 3 + 10, kind),
                     wide = interval(values, kind, 0.99);
      REQUIRE(moved.low == Approx(3 * got.low + 10));
      REQUIRE(moved.high == Approx(3 * got.high + 10));
      REQUIRE(wide.low <= got.low);
      REQUIRE(wide.high >= got.high);
    }
  }
}

TEST_CASE("The same stream gives the same numbers, another one others, where there are more ways than are tried",
          "[evaluate][statistics]") {
  Stream random = stream("same");
  const Eigen::ArrayXd many = normal(random, 20) + 0.3, few = normal(random, 6);
  REQUIRE(bootstrap_interval(many, stream("a")).low == bootstrap_interval(many, stream("a")).low);
  REQUIRE(bootstrap_interval(many, stream("a")).low != bootstrap_interval(many, stream("b")).low);
  REQUIRE(bootstrap_interval(few, stream("a")).low == bootstrap_interval(few, stream("b")).low);
  REQUIRE(paired_permutation_test(many, stream("a")) == paired_permutation_test(many, stream("a")));
  REQUIRE(paired_permutation_test(few, stream("a")) == paired_permutation_test(few, stream("b")));
}

TEST_CASE("The permutation test: closed forms and its random version", "[evaluate][statistics]") {
  REQUIRE(paired_permutation_test(array({1, 2, 3, 4, 5, 6}), stream()) ==
          2.0 / 64);  // all of one sign: only it and its mirror image
  REQUIRE(paired_permutation_test(array({0.5, -0.5}), stream()) == 1.0);
  REQUIRE(paired_permutation_test(array({0.1, 0.2, 0.3, -0.6}), stream()) == 1.0);  // a sum of 0 but for rounding
  REQUIRE(paired_permutation_test(array({0, 0, 0}), stream()) == 1.0);
  REQUIRE(paired_permutation_test(Eigen::ArrayXd(0), stream()) == 1.0);
  Stream random = stream("long");
  const Eigen::ArrayXd sixteen = normal(random, 16) + 0.4;
  Eigen::ArrayXd seventeen(17);
  seventeen << sixteen, 0.0;  // one 0 more halves nothing: the exact p is the same
  const double exact = paired_permutation_test(sixteen, stream()),
               drawn = paired_permutation_test(seventeen, stream(), 20000);
  REQUIRE(exact > 0.01);
  REQUIRE(exact < 0.5);
  REQUIRE(drawn == Approx(exact).margin(0.015));
  Eigen::ArrayXd clear = Eigen::ArrayXd::Constant(80, 1.0);  // more signs than bits in one draw
  REQUIRE(paired_permutation_test(clear, stream(), 1000) == Approx(1.0 / 1001));
}

TEST_CASE("Concepts are the unit: seeds are averaged first", "[evaluate][statistics]") {
  const Scores scores{{"cat", {{1, 0.2}, {2, 0.4}, {3, 0.6}}}, {"dog", {{1, 0.8}}}};
  const Summary got = summarise(scores);
  REQUIRE(got.mean == Approx(0.6));
  REQUIRE(got.between == Approx(std::sqrt(2.0) * 0.2));
  REQUIRE(got.within == Approx(0.2));
  REQUIRE(got.concepts == 2);
  REQUIRE(got.values == 4);
  REQUIRE(std::isnan(summarise({{"cat", {{1, 0.2}}}, {"dog", {{1, 0.2}}}}).within));
  REQUIRE(std::isnan(summarise({{"cat", {{1, 0.2}, {2, 0.3}}}}).between));
  REQUIRE_THROWS_AS(summarise({}), Error);
  REQUIRE_THROWS_WITH(summarise({{"cat", {}}}), ContainsSubstring("cat"));
}

TEST_CASE("A comparison pairs by concept and seed, and says what it left out", "[evaluate][statistics]") {
  const Scores reference{{"cat", {{1, 0.1}, {2, 0.9}}}, {"dog", {{1, 0.5}}}, {"duck", {{1, 0.3}}}};
  const Scores variant{{"cat", {{1, 0.2}, {2, 1.1}, {3, 7.0}}}, {"dog", {{1, 0.9}}}, {"fish", {{1, 0.3}}}};
  const Comparison got = compare(variant, reference, "dino", Random(1));
  REQUIRE(got.difference == Approx((0.15 + 0.4) / 2));
  REQUIRE(got.concepts == 2);
  REQUIRE(got.pairs == 3);
  REQUIRE(got.unpaired == 3);
  const Comparison back = compare(reference, variant, "dino", Random(1));
  REQUIRE(back.difference == Approx(-got.difference));
  REQUIRE(back.interval.low == Approx(-got.interval.high));
  REQUIRE(back.p == got.p);
  const Comparison self = compare(variant, variant, "dino", Random(1));
  REQUIRE(self.difference == 0);
  REQUIRE(self.interval.low == 0);
  REQUIRE(self.interval.high == 0);
  REQUIRE(self.p == 1);
  REQUIRE_THROWS_WITH(compare(variant, {{"boat", {{1, 0.0}}}}, "dino", Random(1)),
                      ContainsSubstring("no concept and seed"));
}

TEST_CASE("An interval on one side of 0 decides, one that holds 0 does not", "[evaluate][statistics]") {
  REQUIRE(verdict(Interval{0.01, 0.2}, +1) == Verdict::Reproduced);
  REQUIRE(verdict(Interval{0.01, 0.2}, -1) == Verdict::NotReproduced);
  REQUIRE(verdict(Interval{-0.2, -0.01}, -1) == Verdict::Reproduced);
  REQUIRE(verdict(Interval{-0.2, -0.01}, +1) == Verdict::NotReproduced);
  REQUIRE(verdict(Interval{-0.1, 0.1}, +1) == Verdict::Undecided);
  REQUIRE(verdict(Interval{0, 0}, +1) == Verdict::Undecided);
  REQUIRE(verdict(Interval{}, +1) == Verdict::Undecided);
  const auto of = [](std::size_t concepts) {
    return verdict(Comparison{.interval = {0.1, 0.2}, .concepts = concepts}, +1);
  };
  REQUIRE(of(4) == Verdict::Undecided);
  REQUIRE(of(5) == Verdict::Reproduced);
}

TEST_CASE("What cannot be resampled is refused, what needs no resampling is not", "[evaluate][statistics]") {
  const Interval none = bootstrap_interval(array({1.0}), stream()),
                 same = bootstrap_interval(array({2, 2, 2}), stream());
  REQUIRE(std::isnan(none.low));
  REQUIRE(same.low == 2);
  REQUIRE(same.high == 2);
  REQUIRE_THROWS_AS(bootstrap_interval(array({1, NAN}), stream()), Error);
  REQUIRE_THROWS_AS(bootstrap_interval(array({1, 2}), stream(), {.level = 1.0}), Error);
  REQUIRE_THROWS_AS(paired_permutation_test(array({1, INFINITY}), stream()), Error);
}
