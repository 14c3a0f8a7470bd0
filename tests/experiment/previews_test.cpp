#include <opad/experiment/picture/learning_curve.hpp>
#include <opad/experiment/picture/preview.hpp>

#include <numeric>
#include <set>

#include "support/catch.hpp"

using opad::Canvas;
using opad::Colour;
using opad::Tensor;

namespace {

Tensor pixels(const Tensor& picture, const Colour& colour) {  // which pixels have this colour?  [H, W, 3] -> [H, W]
  return picture.eq(torch::tensor({colour[0], colour[1], colour[2]}, torch::kUInt8)).all(-1);
}

}  // namespace

TEST_CASE("A letter has the dots it should have, at every size", "[experiment][previews]") {
  const char* const rows[] = {"..#..", ".#.#.", "#...#", "#...#", "#####", "#...#", "#...#", ".....", "....."};
  for (const int scale : {1, 2, 3}) {
    Canvas canvas(5 * scale + 4, 9 * scale + 4);
    canvas.text(2, 3, "A", opad::colours::ink, scale);
    const auto inked = pixels(canvas.image(), opad::colours::ink);
    for (int y = 0; y < 9 * scale; ++y)
      for (int x = 0; x < 5 * scale; ++x)
        REQUIRE(inked[y + 3][x + 2].item<bool>() == (rows[y / scale][x / scale] == '#'));
    REQUIRE(inked.sum().item<int>() == 16 * scale * scale);
  }
}

TEST_CASE("All printable characters look different, and only the space is empty", "[experiment][previews]") {
  std::set<std::uint64_t> seen(std::begin(opad::font::glyphs), std::end(opad::font::glyphs));
  REQUIRE(seen.size() == 95);
  REQUIRE(opad::font::glyphs[0] == 0);
}

TEST_CASE("A letter outside of ASCII is one question mark", "[experiment][previews]") {
  REQUIRE(opad::font::ascii("na\u00efve \u732b!") == "na?ve ?!");
  REQUIRE(Canvas::text_width("\u732b") == 5);
  REQUIRE(Canvas::text_width("ab", 2) == 22);
  REQUIRE(Canvas::text_width("") == 0);
}

TEST_CASE("What lies outside of a canvas is not drawn", "[experiment][previews]") {
  Canvas canvas(8, 8);
  canvas.text(-3, -4, "Wide text", opad::colours::ink, 3);
  canvas.line(-50, -50, 60, 40, opad::colours::blue, 3);
  canvas.rectangle(5, 5, 100, 100, opad::colours::soft);
  REQUIRE(pixels(canvas.image(), opad::colours::soft).sum().item<int>() == 9);
}

TEST_CASE("A preview shows every picture magnified without mixing its pixels", "[experiment][previews]") {
  const auto images = torch::rand({2, 3, 32, 32}) * 2 - 1;
  const auto picture = opad::preview({{images, "", {}}});
  const auto expected = ((images + 1) * 127.5).round().to(torch::kUInt8).permute({0, 2, 3, 1});
  REQUIRE(picture.sizes() == at::IntArrayRef{20 + 160 + 20, 20 + 160 + 12 + 160 + 20, 3});
  for (int i = 0; i < 2; ++i) {
    const auto tile = picture.slice(0, 20, 180).slice(1, 20 + i * 172, 180 + i * 172);
    REQUIRE(torch::equal(tile.slice(0, 2, 160, 5).slice(1, 2, 160, 5), expected[i]));
    REQUIRE(torch::equal(tile.slice(0, 0, 160, 5).slice(1, 4, 160, 5), expected[i]));
  }
}

TEST_CASE("A large picture keeps its size, and odd values stay within the bytes", "[experiment][previews]") {
  auto images = torch::zeros({1, 3, 200, 300});
  images[0][0] = 7;
  images[0][1] = -7;
  images[0][2] = std::numeric_limits<float>::quiet_NaN();
  const auto picture = opad::preview({{images, "", {}}});
  REQUIRE(picture.sizes() == at::IntArrayRef{240, 340, 3});
  REQUIRE(torch::equal(picture[100][100], torch::tensor({255, 0, 128}, torch::kUInt8)));
}

TEST_CASE("Labels, captions and the title take their own room", "[experiment][previews]") {
  const auto images = torch::zeros({2, 3, 64, 64});
  const auto bare = opad::preview({{images, "", {}}, {images, "", {}}});
  const auto labelled = opad::preview({{images, "before", {}}, {images, "after", {}}});
  const auto captioned = opad::preview(
      {{images, "", {"a dog", "a very long caption that must be broken into several lines and then cut"}}});
  const auto titled = opad::preview({{images, "", {}}}, "step 100");
  REQUIRE(labelled.size(0) == bare.size(0));
  REQUIRE(labelled.size(1) == bare.size(1) + Canvas::text_width("before", 2) + 12);
  REQUIRE(captioned.size(0) == 20 + 192 + 3 * 22 + 6 + 20);
  REQUIRE(titled.size(0) == 20 + 22 + 12 + 192 + 20);
  REQUIRE(pixels(titled.slice(0, 0, 54), opad::colours::ink).any().item<bool>());
  REQUIRE(pixels(labelled.slice(1, 0, 90), opad::colours::ink).any().item<bool>());
  REQUIRE(pixels(captioned.slice(0, 212), opad::colours::soft).any().item<bool>());
}

TEST_CASE("A grid breaks its pictures into rows and leaves the rest of the last row white", "[experiment][previews]") {
  const auto picture = opad::preview_grid(torch::zeros({5, 3, 160, 160}), 3, {"a", "b", "c", "d", "e"});
  REQUIRE(picture.sizes() == at::IntArrayRef{20 + 2 * (160 + 22 + 6) + 12 + 20, 20 + 3 * 160 + 2 * 12 + 20, 3});
  REQUIRE(pixels(picture, {128, 128, 128}).sum().item<int>() == 5 * 160 * 160);
}

TEST_CASE("A preview refuses what is not a batch of pictures of one size", "[experiment][previews]") {
  REQUIRE_THROWS_AS(opad::preview({}), opad::Error);
  REQUIRE_THROWS_AS(opad::preview({{torch::zeros({3, 8, 8}), "", {}}}), opad::Error);
  REQUIRE_THROWS_AS(opad::preview({{torch::zeros({1, 1, 8, 8}), "", {}}}), opad::Error);
  REQUIRE_THROWS_AS(opad::preview({{torch::zeros({1, 3, 8, 8}), "", {}}, {torch::zeros({1, 3, 9, 8}), "", {}}}),
                    opad::Error);
  REQUIRE_THROWS_AS(opad::preview({{torch::zeros({0, 3, 8, 8}), "", {}}}), opad::Error);
}

TEST_CASE("The marks of an axis are round numbers within its range", "[experiment][learning-curve]") {
  for (const auto& [low, high] : {std::pair{0.0, 1.0}, {-3.2, 7.7}, {1e-6, 3e-6}, {0.0, 123456.0}, {99.5, 100.0}}) {
    const auto marks = opad::curve_detail::ticks({low, high}, 4);
    REQUIRE(marks.size() >= 2);
    REQUIRE(marks.size() <= 8);
    for (const double mark : marks) {
      REQUIRE(mark >= low - 1e-9 * (high - low));
      REQUIRE(mark <= high + 1e-9 * (high - low));
    }
  }
  REQUIRE(opad::curve_detail::ticks({0, 1}, 5) == std::vector<double>{0, 0.2, 0.4, 0.6000000000000001, 0.8, 1});
}

TEST_CASE("The average of a curve keeps a constant, does not lag, and passes over gaps",
          "[experiment][learning-curve]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> slope(101);
  std::iota(slope.begin(), slope.end(), 0.0);
  const auto average = opad::curve_detail::smooth(slope);
  REQUIRE(average[50] == Approx(50));
  REQUIRE(average[20] + average[80] == Approx(100));
  const auto out = opad::curve_detail::smooth({2, 2, nan, 2});
  REQUIRE(out[0] == Approx(2));
  REQUIRE(std::isnan(out[2]));
  REQUIRE(out[3] == Approx(2));
}

TEST_CASE("Learning curves are drawn for any table, an empty and a constant one too", "[experiment][learning-curve]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  opad::MetricsTable table{{"step", "a", "b"}, {}};
  const auto blue = [&] { return pixels(opad::learning_curves(table), opad::colours::blue).sum().item<int>(); };
  REQUIRE(blue() == 0);
  table.rows.push_back({1, 0.5, nan});
  REQUIRE(blue() > 0);
  table.rows.push_back({2, 0.5, nan});
  REQUIRE(blue() > 300);
  REQUIRE(opad::learning_curves(table, {"a"}).size(1) < opad::learning_curves(table).size(1));
  REQUIRE_THROWS_AS(opad::learning_curves(table, {"c"}), opad::Error);
}
