#include <opad/loss/identity.hpp>
#include <opad/loss/in.hpp>
#include <opad/loss/latent_mse.hpp>
#include <opad/loss/loss_list.hpp>
#include <opad/loss/ms_swd.hpp>
#include <opad/loss/pixel_huber.hpp>
#include <opad/loss/pixel_mse.hpp>

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

TEST_CASE("Identity is one minus the mean cosine of the tokens", "[loss][identity]") {
  const Tensor x = torch::tensor({1.0, 0.0, 0.0, 2.0}, torch::kFloat64).view({1, 2, 2});  // tokens (1, 0) and (0, 2)
  REQUIRE(Identity{}(x, 3 * x).item<double>() == Approx(0).margin(1e-12));
  REQUIRE(Identity{}(x, x.flip({1})).item<double>() == Approx(1));
  REQUIRE(Identity{}(x, -x).item<double>() == Approx(2));
  laws::loss_term(Identity{}, {3, 4, 8});
}

TEST_CASE("A term in another space is the same term there", "[loss][in]") {
  using Raw = In<Pixel, MsSwd>;
  STATIC_REQUIRE(LossTerm<Raw>);
  STATIC_REQUIRE(std::same_as<Raw::space, Pixel>);
  STATIC_REQUIRE(std::same_as<decltype(loss_list(LatentMse{}, Raw{}).without<MsSwd>()), LossList<LatentMse>>);
  laws::loss_term(Raw{{.projections = 3, .levels = 1, .patch = 3}}, {2, 3, 9, 8});
  std::string members;
  hana::for_each(hana::accessors<Raw>(),
                 [&](auto accessor) { members += std::string(hana::first(accessor).c_str()) + " "; });
  REQUIRE(members == "weight projections levels patch ");
  Raw term;
  hana::second(hana::at_c<0>(hana::accessors<Raw>()))(term) = 0.5;
  REQUIRE(term.weight == 0.5);
}
