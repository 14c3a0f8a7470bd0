#include <opad/loss/latent_mse.hpp>
#include <opad/loss/loss_list.hpp>
#include <opad/loss/pixel_huber.hpp>
#include <opad/loss/pixel_mse.hpp>
#include <opad/weighting/all.hpp>

#include "laws/loss_term.hpp"

using namespace opad;

TEST_CASE("LatentMse is half the mean square of each sample's difference", "[loss][latent-mse]") {
  const auto target = torch::zeros({2, 4, 2, 2}, torch::kFloat64);
  SECTION("by hand: a difference of 3 gives 4.5") {
    REQUIRE(LatentMse{}(target + 3.0, target).eq(4.5).all().item<bool>());
  }
  SECTION("obeys the laws of a LossTerm") { laws::loss_term(LatentMse{}, {3, 4, 8, 8}); }
  SECTION("rejects tensors of different shapes") { REQUIRE_THROWS_AS(LatentMse{}(target, target[0]), Error); }
}

TEST_CASE("PixelMse is half the mean square of each sample's difference", "[loss][pixel-mse]") {
  const auto target = torch::zeros({2, 3, 2, 2}, torch::kFloat64);
  SECTION("by hand: a difference of 3 gives 4.5") {
    REQUIRE(PixelMse{}(target + 3.0, target).eq(4.5).all().item<bool>());
  }
  SECTION("obeys the laws of a LossTerm") { laws::loss_term(PixelMse{}, {2, 3, 8, 8}); }
}

TEST_CASE("PixelHuber is a parabola near zero and a line far away", "[loss][pixel-huber]") {
  const auto target = torch::zeros({1, 3, 2, 2}, torch::kFloat64);
  const PixelHuber term{.delta = 0.5};
  SECTION("by hand: 0.2 gives 0.02") { REQUIRE(term(target + 0.2, target).item<double>() == Approx(0.02)); }
  SECTION("by hand: 2 gives 0.5 (2 - 0.25)") { REQUIRE(term(target + 2.0, target).item<double>() == Approx(0.875)); }
  SECTION("obeys the laws of a LossTerm") { laws::loss_term(term, {2, 3, 8, 8}); }
  SECTION("rejects delta 0") { REQUIRE_THROWS_AS(PixelHuber{.delta = 0}(target, target), Error); }
}

TEST_CASE("A list of terms gives derived lists", "[loss][list]") {
  constexpr auto list = loss_list(LatentMse{.weight = 2}, PixelMse{});
  STATIC_REQUIRE(std::is_same_v<decltype(list.without<PixelMse>()), LossList<LatentMse>>);
  STATIC_REQUIRE(std::is_same_v<decltype(list.only<PixelMse>()), LossList<PixelMse>>);
  STATIC_REQUIRE(std::is_same_v<decltype(list.with(PixelHuber{})), LossList<LatentMse, PixelMse, PixelHuber>>);
  STATIC_REQUIRE(std::is_same_v<decltype(list.replace<LatentMse>(PixelHuber{})), LossList<PixelHuber, PixelMse>>);
  STATIC_REQUIRE(decltype(loss_list())::empty);
  REQUIRE(hana::front(list.without<PixelMse>().terms).weight == 2);
}

TEST_CASE("Weightings of the noise level follow their formulas", "[loss][weighting]") {
  const auto alpha_bar = torch::tensor({0.9, 0.5, 0.1}, torch::kFloat64);
  REQUIRE(at::equal(AlphaBar{}(alpha_bar), alpha_bar));
  REQUIRE(at::equal(Uniform{}(alpha_bar), torch::ones(3, torch::kFloat64)));
  // signal-to-noise ratios 9, 1, 1/9, cut at 3, over 3
  REQUIRE(at::allclose(MinSnr{.gamma = 3}(alpha_bar), torch::tensor({1.0, 1.0 / 3, 1.0 / 27}, torch::kFloat64)));
  REQUIRE_THROWS_AS(MinSnr{.gamma = 0}(alpha_bar), Error);
}
