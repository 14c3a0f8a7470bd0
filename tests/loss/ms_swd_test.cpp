#include <opad/loss/ms_swd.hpp>

#include "laws/loss_term.hpp"
#include "support/catch.hpp"

using namespace opad;

namespace {

Tensor colour(double r, double g, double b, std::int64_t side = 1) {
  return torch::tensor({r, g, b}, torch::kFloat64).view({1, 3, 1, 1}).expand({1, 3, side, side});
}

Tensor pictures(const char* name, at::IntArrayRef shape) {
  return Random(4).stream(name).uniform(shape).to(torch::kFloat64);
}

}  // namespace

TEST_CASE("sRGB to CIELAB by known colours", "[loss][color]") {
  const auto is = [](const Tensor& lab, double l, double a, double b) {
    REQUIRE(lab.flatten()[0].item<double>() == Approx(l).margin(0.01));
    REQUIRE(lab.flatten()[1].item<double>() == Approx(a).margin(0.01));
    REQUIRE(lab.flatten()[2].item<double>() == Approx(b).margin(0.01));
  };
  is(srgb_to_lab(colour(1, 1, 1)), 100, 0, 0);
  is(srgb_to_lab(colour(0, 0, 0)), 0, 0, 0);
  is(srgb_to_lab(colour(1, 0, 0)), 53.24, 80.09, 67.20);
  is(srgb_to_lab(colour(0, 0, 1)), 32.30, 79.19, -107.86);
  is(srgb_to_lab(colour(-1, -1, -1)), -903.2963 / 12.92, 0, 0);  // both curves in their linear parts: L = (29/3)^3 Y
}

TEST_CASE("CIELAB has a finite gradient everywhere, negative values and the knees included", "[loss][color]") {
  const Tensor x =
      torch::tensor({-1.0, -0.3, 0.0, 0.04045, 0.0, 1.0}, torch::kFloat64).view({1, 3, 1, 2}).requires_grad_();
  srgb_to_lab(x).sum().backward();
  REQUIRE(at::isfinite(x.grad()).all().item<bool>());
  REQUIRE_THROWS_WITH(srgb_to_lab(torch::zeros({3, 4, 4})), ContainsSubstring("[B, 3, H, W]"));
}

TEST_CASE("MsSwd obeys the laws of a LossTerm", "[loss][ms-swd]") {
  laws::loss_term(MsSwd{.projections = 3, .levels = 2, .patch = 3}, {2, 3, 9, 12});
  laws::loss_term(MsSwd{.projections = 2, .levels = 1, .patch = 1}, {3, 3, 4, 3});
}

TEST_CASE("MsSwd is symmetric and is zero for the same colours elsewhere when it looks at single pixels",
          "[loss][ms-swd]") {
  const MsSwd term{.projections = 8, .levels = 1, .patch = 1};
  const Tensor x = pictures("x", {2, 3, 6, 5}), y = pictures("y", {2, 3, 6, 5});
  const auto distance = [&](const Tensor& a, const Tensor& b) {
    Stream stream = Random(5).stream("swd");
    return term(a, b, stream);
  };
  REQUIRE(at::allclose(distance(x, y), distance(y, x), 1e-12));
  REQUIRE(distance(x, y).min().item<double>() > 0.1);
  REQUIRE(distance(x, x.flip({2, 3})).abs().max().item<double>() < 1e-10);
}

TEST_CASE("MsSwd of black and white along the lightness is 100 at every level", "[loss][ms-swd]") {
  Tensor lightness = torch::zeros({1, 3, 1, 1}, torch::kFloat64);
  lightness[0][0] = 1;
  const Tensor distance = MsSwd::distance(colour(1, 1, 1, 8), colour(0, 0, 0, 8), {lightness, lightness, lightness});
  REQUIRE(distance.item<double>() == Approx(100).epsilon(1e-6));
}

TEST_CASE("projections are unit vectors, drawn anew for each level, the same from the same stream", "[loss][ms-swd]") {
  const MsSwd term{.projections = 6, .levels = 3, .patch = 5};
  Stream stream = Random(7).stream("swd"), same = Random(7).stream("swd");
  const auto drawn = term.draw(stream), again = term.draw(same);
  REQUIRE(drawn.size() == 3);
  for (std::size_t level = 0; level < 3; ++level) {
    REQUIRE(drawn[level].sizes() == at::IntArrayRef{6, 3, 5, 5});
    REQUIRE(at::allclose(drawn[level].flatten(1).norm(2, 1), torch::ones({6}), 1e-6));
    REQUIRE(drawn[level].equal(again[level]));
  }
  REQUIRE_FALSE(drawn[0].equal(drawn[1]));
}

TEST_CASE("MsSwd says which pictures are too small and what else is wrong", "[loss][ms-swd]") {
  const MsSwd term;
  Stream stream = Random(1).stream("swd");
  const Tensor small = torch::zeros({1, 3, 80, 200}), enough = torch::zeros({1, 3, 81, 81});
  REQUIRE_THROWS_WITH(term(small, small, stream), ContainsSubstring("80 x 200") && ContainsSubstring("at least 81"));
  REQUIRE((MsSwd{.projections = 1}(enough, enough, stream).item<float>()) == 0);
  REQUIRE_THROWS_WITH(term(enough, small, stream), ContainsSubstring("differ in shape"));
  REQUIRE_THROWS_WITH((MsSwd{.levels = 0}(enough, enough, stream)), ContainsSubstring("levels = 0"));
  REQUIRE_THROWS_WITH(term(enough[0], enough[0], stream), ContainsSubstring("[B, 3, H, W]"));
}
