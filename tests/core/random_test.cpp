#include <opad/core/random.hpp>

#include "support/catch.hpp"

using opad::Random;

TEST_CASE("A stream is a pure function of seed, name, iteration, micro-step and rank", "[core][random]") {
  const auto draw = [](std::uint64_t seed, std::uint64_t rank, const char* name, std::int64_t iteration,
                       std::int64_t micro) { return Random(seed, rank).stream(name, iteration, micro).normal({2, 3}); };
  const auto base = draw(42, 0, "student/noise", 7, 0);
  REQUIRE(at::equal(base, draw(42, 0, "student/noise", 7, 0)));
  REQUIRE_FALSE(at::equal(base, draw(43, 0, "student/noise", 7, 0)));
  REQUIRE_FALSE(at::equal(base, draw(42, 1, "student/noise", 7, 0)));
  REQUIRE_FALSE(at::equal(base, draw(42, 0, "teacher/noise", 7, 0)));
  REQUIRE_FALSE(at::equal(base, draw(42, 0, "student/noise", 8, 0)));
  REQUIRE_FALSE(at::equal(base, draw(42, 0, "student/noise", 7, 1)));
}

TEST_CASE("A stream's numbers are pinned: a new version must not change old runs", "[core][random]") {
  auto s = Random(42).stream("noise", 3);
  REQUIRE(s.bits() == 0x4db12e45dd108234);
  REQUIRE(s.bits() == 0xe0fa4829aed15c36);
}

TEST_CASE("A longer draw begins with the shorter one", "[core][random]") {
  const auto draw = [](std::int64_t n) { return Random(1).stream("x").normal({n}); };
  REQUIRE(at::equal(draw(10).slice(0, 0, 6), draw(6)));
}

TEST_CASE("Normal numbers have the moments and the tails of a normal distribution", "[core][random]") {
  const auto x = Random(5).stream("moments").normal({200000}).to(torch::kFloat64);
  REQUIRE(std::abs(x.mean().item<double>()) < 0.01);
  REQUIRE(x.var().item<double>() == Approx(1).margin(0.02));
  REQUIRE(x.pow(4).mean().item<double>() == Approx(3).margin(0.15));
  REQUIRE((x.abs() > 1.959964).to(torch::kFloat64).mean().item<double>() == Approx(0.05).margin(0.003));
  REQUIRE(at::isfinite(x).all().item<bool>());
}

TEST_CASE("Integers cover [low, high) evenly", "[core][random]") {
  const auto x = Random(5).stream("integers").integers(-3, 7, {100000});
  REQUIRE(x.min().item<std::int64_t>() == -3);
  REQUIRE(x.max().item<std::int64_t>() == 6);
  const auto counts = at::bincount(x + 3).to(torch::kFloat64);
  REQUIRE(((counts - 10000).abs() < 500).all().item<bool>());
  REQUIRE_THROWS_AS(Random(1).stream("x").integer(3, 3), opad::Error);
}

TEST_CASE("A permutation holds every number once and depends on the stream", "[core][random]") {
  auto order = Random(1).stream("order").permutation(50);
  REQUIRE(order != Random(2).stream("order").permutation(50));
  std::sort(order.begin(), order.end());
  for (std::int64_t i = 0; i < 50; ++i) REQUIRE(order[static_cast<std::size_t>(i)] == i);
}
