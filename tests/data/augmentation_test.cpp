#include <map>
#include <set>

#include <opad/data/augmentation.hpp>

#include "support/catch.hpp"

using namespace opad;

namespace {

/// A picture in which every pixel is different.
Tensor gradient_picture(std::int64_t height, std::int64_t width) {
  const Tensor y = torch::linspace(0, 255, height).view({height, 1}).expand({height, width});
  const Tensor x = torch::linspace(0, 255, width).view({1, width}).expand({height, width});
  return torch::stack({y, x, 255 - x}, 2).to(torch::kUInt8);
}

/// The draws of ConceptTransform, made again from the same stream.
struct Draws {
  Draws(std::int64_t size, std::int64_t smallest, Stream random) {
    mirror = random.bernoulli(0.5);
    scale = random.bernoulli(0.66)
                ? random.integer(smallest, size + 1)
                : random.integer(static_cast<std::int64_t>(1.2 * size), static_cast<std::int64_t>(1.4 * size));
    const std::int64_t room = scale > size ? scale - size : size - scale;
    top = random.integer(0, room + 1), left = random.integer(0, room + 1);
    word = scale > size || scale < 0.6 * size ? static_cast<int>(random.integer(0, 2)) : -1;
  }
  bool mirror;
  std::int64_t scale, top, left;
  int word;
};

}  // namespace

TEST_CASE("Augmentation follows its definition draw by draw", "[data][augmentation]") {
  const auto [size, factor] =
      GENERATE(table<std::int64_t, std::int64_t>({{64, 8}, {64, 4}, {63, 7}, {33, 3}, {40, 1}, {24, 8}}));
  const ConceptTransform transform({}, size, factor);
  const Tensor picture = gradient_picture(50, 70);
  std::set<std::string> prompts;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const Draws d(size, std::max(size / 3, 3 * factor), Stream(7, i));
    Stream random(7, i);
    const Item item = transform.instance(picture, "a photo of a dog", random);
    CAPTURE(size, factor, i, d.scale, d.top, d.left);
    REQUIRE(item.image.sizes() == at::IntArrayRef({3, size, size}));
    REQUIRE(item.mask.sizes() == at::IntArrayRef({1, size / factor, size / factor}));

    const Tensor squashed = resize(d.mirror ? flip(picture) : picture, d.scale, d.scale, Filter::Bilinear);
    bool image_ok = true, mask_ok = true;
    for (std::int64_t y = 0; y < size; ++y)
      for (std::int64_t x = 0; x < size; ++x) {
        const bool zoomed = d.scale > size,
                   on = zoomed || (y >= d.top && y < d.top + d.scale && x >= d.left && x < d.left + d.scale);
        const std::int64_t sy = zoomed ? y + d.top : y - d.top, sx = zoomed ? x + d.left : x - d.left;
        const double want = on ? squashed[sy][sx][0].item<int>() / 127.5 - 1 : 0.0;
        image_ok &= item.image[0][y][x].item<float>() == static_cast<float>(want);
        if (!(i < 8)) x += 6;  // every pixel of the first pictures, some of the others
      }
    for (std::int64_t y = 0; y < size / factor; ++y)
      for (std::int64_t x = 0; x < size / factor; ++x) {
        const auto inside = [&](std::int64_t cell, std::int64_t start) {
          return cell >= start / factor + 1 && cell <= (start + d.scale) / factor - 2;
        };
        mask_ok &=
            item.mask[0][y][x].item<float>() == (d.scale > size || (inside(y, d.top) && inside(x, d.left)) ? 1 : 0);
      }
    REQUIRE(image_ok);
    REQUIRE(mask_ok);
    REQUIRE(item.mask.sum().item<double>() > 0);
    REQUIRE(item.image.abs().max().item<double>() <= 1);

    const char* const far[] = {"a a far away photo of a dog", "a very small photo of a dog"};
    const char* const near[] = {"a zoomed in photo of a dog", "a close up photo of a dog"};
    REQUIRE(item.prompt == (d.word < 0 ? "a photo of a dog" : d.scale > size ? near[d.word] : far[d.word]));
    prompts.insert(item.prompt);
  }
  if (size > 40) REQUIRE(prompts.size() == 5);
}

TEST_CASE("Scales at 512 pixels are those of the method", "[data][augmentation]") {
  const ConceptTransform transform({}, 512, 8);
  REQUIRE(transform.smallest_scale() == 170);
  std::int64_t shrunk = 0, enlarged = 0, mirrored = 0;
  const Tensor picture = torch::cat({torch::zeros({4, 2, 3}), torch::full({4, 2, 3}, 255)}, 1).to(torch::kUInt8);
  for (std::uint64_t i = 0; i < 300; ++i) {
    Stream random(3, i);
    const Draws d(512, 170, random);
    shrunk += d.scale <= 512, enlarged += d.scale >= 614 && d.scale < 716, mirrored += d.mirror;
  }
  REQUIRE(shrunk + enlarged == 300);
  REQUIRE(std::abs(shrunk / 300. - 0.66) < 0.09);
  REQUIRE(std::abs(mirrored / 300. - 0.5) < 0.1);
}

TEST_CASE("Without augmentation a picture fills its canvas and the outer ring is masked", "[data][augmentation]") {
  const ConceptTransform transform({.enabled = false, .hflip = false}, 64, 8);
  const Tensor picture = gradient_picture(128, 64);
  Stream random(1, 2);
  const Item item = transform.instance(picture, "a photo of a dog", random);
  Tensor ring = torch::zeros({1, 8, 8});
  ring.slice(1, 1, 7).slice(2, 1, 7).fill_(1);
  REQUIRE(at::equal(item.mask, ring));
  const Tensor want = resize(picture, 64, 64, Filter::Bilinear).to(torch::kFloat64).permute({2, 0, 1}) / 127.5 - 1;
  REQUIRE(at::equal(item.image, want.to(torch::kFloat32)));
  REQUIRE(item.prompt == "a photo of a dog");
}

TEST_CASE("Mirroring is a matter of its own option and moves no other draw", "[data][augmentation]") {
  const Tensor picture = gradient_picture(30, 30);
  const ConceptTransform with({}, 48, 4), without({.hflip = false}, 48, 4);
  int mirrored = 0;
  for (std::uint64_t i = 0; i < 60; ++i) {
    Stream a(5, i), b(5, i);
    const Item x = with.instance(picture, "p q", a), y = without.instance(picture, "p q", b);
    REQUIRE(at::equal(x.mask, y.mask));
    REQUIRE(x.prompt == y.prompt);
    mirrored += !at::equal(x.image, y.image);
  }
  REQUIRE(mirrored > 15);
  REQUIRE(mirrored < 45);
}

TEST_CASE("Class pictures are cut to squares without squashing", "[data][augmentation]") {
  const ConceptTransform transform({.hflip = false}, 32, 4);
  const Tensor picture = gradient_picture(64, 128);  // the shorter side becomes 32: 32 x 64
  const Tensor resized = resize(picture, 64, 32, Filter::Bilinear).to(torch::kFloat64).permute({2, 0, 1}) / 127.5 - 1;
  SECTION("in the middle") {
    Stream random(1, 1);
    const Item item = transform.prior(picture, "dog", true, random);
    REQUIRE(at::equal(item.image, resized.slice(2, 16, 48).to(torch::kFloat32)));
    REQUIRE(item.mask.eq(1).all().item<bool>());
    REQUIRE(item.prompt == "dog");
  }
  SECTION("or anywhere") {
    std::set<std::int64_t> places;
    for (std::uint64_t i = 0; i < 300; ++i) {
      Stream random(1, i);
      const Tensor image = transform.prior(picture, "dog", false, random).image;
      for (std::int64_t left = 0; left <= 32; ++left)
        if (at::equal(image, resized.slice(2, left, left + 32).to(torch::kFloat32))) places.insert(left);
    }
    REQUIRE(places.size() == 33);  // both ends included
  }
}

TEST_CASE("Resolutions and probabilities without meaning are refused", "[data][augmentation]") {
  REQUIRE_THROWS_WITH(ConceptTransform({}, 16, 8), ContainsSubstring("give a resolution of 24 or more"));
  REQUIRE_THROWS_WITH(ConceptTransform({}, 100, 8), ContainsSubstring("no multiple of the VAE's factor 8"));
  REQUIRE_THROWS_AS(ConceptTransform({}, 64, 0), opad::Error);
  REQUIRE_THROWS_WITH(ConceptTransform({.shrink_probability = 1.5}, 64, 8), ContainsSubstring("give 0 to 1"));
  REQUIRE_NOTHROW(ConceptTransform({}, 24, 8));
}
