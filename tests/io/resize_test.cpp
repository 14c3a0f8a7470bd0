#include <opad/io/resize.hpp>

#include <opad/core/random.hpp>
#include <opad/space/resize.hpp>

#include "support/catch.hpp"

using namespace opad;

namespace {

constexpr Filter filters[] = {Filter::Nearest, Filter::Bilinear, Filter::Bicubic, Filter::Lanczos};

Tensor picture(std::int64_t height, std::int64_t width) {
  return Random(1).stream("test/resize").integers(0, 256, {height, width, 3}).to(torch::kUInt8);
}

}  // namespace

TEST_CASE("a picture of one colour keeps it at any size and by any filter", "[io][resize]") {
  for (const int value : {0, 1, 127, 254, 255})
    for (const Filter filter : filters)
      for (const auto& [w, h] : {std::pair{1, 1}, {3, 50}, {37, 2}, {100, 90}}) {
        const Tensor out = resize(torch::full({20, 31, 3}, value, torch::kUInt8), w, h, filter);
        REQUIRE(out.sizes() == at::IntArrayRef{h, w, 3});
        REQUIRE(out.eq(value).all().item<bool>());
      }
}

TEST_CASE("resizing to the same size copies", "[io][resize]") {
  const Tensor image = picture(13, 9);
  for (const Filter filter : filters) {
    const Tensor out = resize(image, 9, 13, filter);
    REQUIRE(at::equal(out, image));
    REQUIRE(out.data_ptr() != image.data_ptr());
  }
}

TEST_CASE("rows and columns are resized alike", "[io][resize]") {
  const Tensor image = picture(23, 40);
  for (const Filter filter : filters)
    for (const std::int64_t size : {1, 7, 39, 41, 90})
      REQUIRE(
          at::equal(resize(image, size, 23, filter), resize(image.transpose(0, 1), 23, size, filter).transpose(0, 1)));
}

TEST_CASE("a box with whole edges and the same size is a crop", "[io][resize]") {
  const Tensor image = picture(30, 40);
  for (const Filter filter : filters)
    REQUIRE(at::equal(resize(image, 20, 11, filter, {5, 7, 25, 18}), crop(image, 5, 7, 20, 11)));
}

TEST_CASE("nearest repeats pixels when it enlarges by a whole number", "[io][resize]") {
  const Tensor image = picture(5, 4);
  REQUIRE(at::equal(resize(image, 12, 10, Filter::Nearest), image.repeat_interleave(2, 0).repeat_interleave(3, 1)));
}

TEST_CASE("bilinear shrinking by two weighs 1, 3, 3, 1", "[io][resize]") {
  const Tensor row =
      torch::tensor({0, 0, 80, 160, 240, 240}, torch::kUInt8).view({1, 6, 1}).expand({1, 6, 3}).contiguous();
  const Tensor out =
      resize(row, 3, 1, Filter::Bilinear);  // (3*0 + 3*0 + 80)/7, (0 + 3*80 + 3*160 + 240)/8, (160 + 6*240)/7
  REQUIRE(at::equal(out.select(2, 0).flatten(), torch::tensor({11, 120, 229}, torch::kUInt8)));
}

TEST_CASE("bicubic and Lanczos overshoot is clipped to bytes", "[io][resize]") {
  const Tensor edge =
      torch::cat({torch::zeros({4, 6, 3}, torch::kUInt8), torch::full({4, 6, 3}, 255, torch::kUInt8)}, 1);
  for (const Filter filter : {Filter::Bicubic, Filter::Lanczos}) {
    const Tensor row = resize(edge, 48, 4, filter)[0].select(1, 0);
    REQUIRE(row.slice(0, 0, 10).eq(0).all().item<bool>());
    REQUIRE(row.slice(0, 38, 48).eq(255).all().item<bool>());
  }
}

TEST_CASE("shortest edge and centre crop follow torchvision, halves rounded to even", "[io][resize]") {
  REQUIRE(resize_shortest_edge(picture(33, 50), 20, Filter::Bilinear).sizes() == at::IntArrayRef{20, 30, 3});
  REQUIRE(resize_shortest_edge(picture(50, 33), 20, Filter::Bilinear).sizes() == at::IntArrayRef{30, 20, 3});
  const Tensor image = picture(7, 9);
  REQUIRE(at::equal(centre_crop(image, 4),
                    crop(image, 2, 2, 4, 4)));  // (9 - 4) / 2 = 2.5 and (7 - 4) / 2 = 1.5 give 2 and 2
}

TEST_CASE("flip exchanges left and right", "[io][resize]") {
  const Tensor image = picture(2, 3), mirrored = flip(image);
  REQUIRE(at::equal(mirrored.select(1, 0), image.select(1, 2)));
  REQUIRE(at::equal(flip(mirrored), image));
}

TEST_CASE("impossible sizes, boxes and tensors are refused", "[io][resize]") {
  const Tensor image = picture(8, 8);
  REQUIRE_THROWS_WITH(resize(image, 0, 5, Filter::Bilinear), ContainsSubstring("resize: to 0 x 5"));
  REQUIRE_THROWS_WITH(resize(image, 5, 5, Filter::Bilinear, {0, 0, 9, 8}),
                      ContainsSubstring("is not inside the 8 x 8 pixels"));
  REQUIRE_THROWS_WITH(resize(image, 5, 5, Filter::Bilinear, {4, 0, 4, 8}), ContainsSubstring("is not inside"));
  REQUIRE_THROWS_WITH(resize(image, 5, 5, Filter::Bilinear, {NAN, 0, 4, 8}), ContainsSubstring("is not inside"));
  REQUIRE_THROWS_WITH(resize(torch::zeros({8, 8, 3}), 5, 5, Filter::Bilinear), ContainsSubstring("is no picture"));
  REQUIRE_THROWS_WITH(crop(image, 5, 0, 4, 4),
                      ContainsSubstring("crop: 4 x 4 at (5, 0) is not inside the 8 x 8 pixels"));
  REQUIRE_THROWS_WITH(centre_crop(image, 9), ContainsSubstring("crop: "));
}

TEST_CASE("Area and Bilinear keep a picture's size, mean and gradient", "[space][resize]") {
  const Tensor image = torch::rand({1, 3, 12, 8}).requires_grad_();
  REQUIRE(at::allclose(Area{}(image, 12, 8), image));
  REQUIRE(at::allclose(Bilinear{}(image, 12, 8), image));
  REQUIRE(at::allclose(Area{}(image, 6, 4).mean(), image.mean()));
  REQUIRE(at::allclose(Area{}(image, 24, 16).slice(2, 0, 24, 2).slice(3, 0, 16, 2), image));  // enlarging repeats
  Bilinear{}(image, 30, 31).sum().backward();
  REQUIRE(at::allclose(image.grad().sum(), torch::tensor(3.f * 30 * 31)));
}
