#pragma once
#include <array>
#include <span>
#include <string>
#include <vector>

#include <opad/core/error.hpp>
#include <opad/core/once.hpp>
#include <opad/core/random.hpp>
#include <opad/data/sprites/attributes.hpp>

namespace opad::sprites {

/// A thing that no training picture shows: what personalisation has to learn. Hyper-parameters are chosen on the
/// development concepts; the evaluation concepts are for final tables.
struct HeldOut {
  std::string_view name;
  Identity identity;
  bool evaluation;
  Edition edition = Edition::First;
};

/// One for each kind of thing, six for development and six for evaluation.
inline constexpr std::array<HeldOut, 12> held_out = [] {
  using enum Color;
  using enum Texture;
  using A = Accessory;
  return std::array<HeldOut, 12>{{
      {"striped-cat", {Kind::Cat, Orange, Blue, Green, Striped, A::Hat, 0.3, 0.4, 0}, false},
      {"striped-car", {Kind::Car, Cyan, Red, Yellow, Striped, A::Star, -0.2, 0.5, 1}, false},
      {"dotted-mug", {Kind::Mug, Green, Pink, Blue, Dotted, A::None, 0.4, -0.3, 0}, false},
      {"checkered-fish", {Kind::Fish, Purple, Yellow, Red, Checkered, A::Glasses, 0, 0.6, 1}, false},
      {"dotted-rocket", {Kind::Rocket, White, Red, Cyan, Dotted, A::Flag, 0.2, 0, 0}, false},
      {"plain-clock", {Kind::Clock, Pink, Purple, Orange, Plain, A::Bow, -0.3, 0.2, 0}, false},
      {"dotted-dog", {Kind::Dog, White, Brown, Blue, Dotted, A::Scarf, 0.1, 0.3, 0}, true},
      {"checkered-robot", {Kind::Robot, Yellow, Black, Pink, Checkered, A::Bow, 0.2, 0.5, 0}, true},
      {"striped-teapot", {Kind::Teapot, Blue, White, Orange, Striped, A::Glasses, -0.1, 0.4, 1}, true},
      {"plain-duck", {Kind::Duck, Red, Green, Purple, Plain, A::Hat, 0.3, 0.7, 0}, true},
      {"checkered-boat", {Kind::Boat, Pink, Cyan, Black, Checkered, A::Star, -0.4, 0.3, 1}, true},
      {"striped-backpack", {Kind::Backpack, Brown, Orange, Cyan, Striped, A::Scarf, 0, -0.5, 3}, true},
  }};
}();

/// The second edition's: eight for development, twenty-four for evaluation, two of those for each kind of thing. Drawn
/// by lot, once, so that textures, accessories and colors occur about equally often, the three colors of a thing are
/// more than 150 apart and the primary colors of two things of a kind more than 170 (Euclidean, in RGB).
inline constexpr std::array<HeldOut, 32> held_out_second = [] {
  using enum Color;
  using enum Texture;
  using A = Accessory;
  std::array<HeldOut, 32> things{{
      {"checkered-cat", {Kind::Cat, Red, Pink, Green, Checkered, A::Hat, 0, -0.4, 0}, false},
      {"dotted-dog", {Kind::Dog, Purple, White, Black, Dotted, A::Scarf, 0.5, 0.4, 0}, false},
      {"dotted-car", {Kind::Car, Orange, Cyan, Purple, Dotted, A::Flag, 0.2, -0.5, 0}, false},
      {"checkered-rocket", {Kind::Rocket, Green, Orange, Cyan, Checkered, A::None, 0, 0.5, 2}, false},
      {"plain-mug", {Kind::Mug, Cyan, Brown, Pink, Plain, A::Scarf, -0.1, 0.4, 0}, false},
      {"striped-teapot", {Kind::Teapot, Black, Red, White, Striped, A::Flag, -0.1, -0.4, 0}, false},
      {"plain-backpack", {Kind::Backpack, White, Yellow, Blue, Plain, A::Star, -0.5, -0.6, 2}, false},
      {"striped-clock", {Kind::Clock, Yellow, Blue, Red, Striped, A::Bow, 0.4, -0.6, 2}, false},
      {"plain-cat", {Kind::Cat, White, Orange, Black, Plain, A::Hat, -0.1, 0.5, 0}, true},
      {"dotted-cat", {Kind::Cat, Cyan, White, Purple, Dotted, A::None, 0.4, 0, 2}, true},
      {"striped-dog", {Kind::Dog, Green, Blue, Pink, Striped, A::Scarf, 0.4, 0.2, 2}, true},
      {"checkered-dog", {Kind::Dog, Orange, Black, Blue, Checkered, A::Bow, 0.1, -0.1, 2}, true},
      {"striped-duck", {Kind::Duck, Red, Yellow, Cyan, Striped, A::Star, -0.3, -0.5, 0}, true},
      {"plain-duck", {Kind::Duck, Yellow, Pink, Green, Plain, A::Flag, -0.4, -0.1, 2}, true},
      {"checkered-fish", {Kind::Fish, Brown, Cyan, Yellow, Checkered, A::Hat, 0.4, -0.1, 2}, true},
      {"dotted-fish", {Kind::Fish, Pink, Red, Green, Dotted, A::Flag, -0.1, -0.2, 0}, true},
      {"dotted-robot", {Kind::Robot, Blue, Brown, White, Dotted, A::None, -0.5, -0.5, 2}, true},
      {"plain-robot", {Kind::Robot, Black, Purple, Orange, Plain, A::Bow, 0, -0.1, 2}, true},
      {"checkered-car", {Kind::Car, Purple, Green, Red, Checkered, A::Scarf, 0.5, 0.1, 0}, true},
      {"striped-car", {Kind::Car, Green, Orange, Purple, Striped, A::Star, 0.1, 0.5, 2}, true},
      {"dotted-boat", {Kind::Boat, White, Brown, Blue, Dotted, A::Bow, 0.3, -0.4, 2}, true},
      {"checkered-boat", {Kind::Boat, Blue, Green, Red, Checkered, A::Star, -0.3, -0.1, 0}, true},
      {"striped-rocket", {Kind::Rocket, Red, Blue, Yellow, Striped, A::None, -0.2, 0.4, 0}, true},
      {"plain-rocket", {Kind::Rocket, Yellow, Red, White, Plain, A::Hat, 0.3, 0.5, 0}, true},
      {"checkered-mug", {Kind::Mug, Orange, Black, Pink, Checkered, A::Flag, -0.4, -0.6, 0}, true},
      {"striped-mug", {Kind::Mug, Black, Pink, Cyan, Striped, A::Scarf, 0, 0.5, 0}, true},
      {"dotted-teapot", {Kind::Teapot, Pink, Cyan, Brown, Dotted, A::Bow, -0.4, 0.3, 2}, true},
      {"plain-teapot", {Kind::Teapot, Cyan, Purple, Black, Plain, A::Hat, 0.2, -0.1, 0}, true},
      {"checkered-backpack", {Kind::Backpack, Brown, White, Yellow, Checkered, A::Scarf, -0.4, 0.5, 0}, true},
      {"striped-backpack", {Kind::Backpack, Cyan, Yellow, Brown, Striped, A::Star, 0, 0.3, 2}, true},
      {"plain-clock", {Kind::Clock, Purple, Black, Orange, Plain, A::Flag, 0.2, -0.5, 0}, true},
      {"dotted-clock", {Kind::Clock, White, Green, Orange, Dotted, A::None, -0.5, 0.6, 0}, true},
  }};
  for (HeldOut& thing : things) thing.edition = Edition::Second;
  return things;
}();

constexpr std::span<const HeldOut> held_out_of(Edition edition) {
  return edition == Edition::First ? std::span<const HeldOut>(held_out) : std::span<const HeldOut>(held_out_second);
}

/// Throws Error, listing the names, for one that is none of them.
inline const HeldOut& held_out_named(std::string_view name, Edition edition = Edition::First) {
  std::string names;
  for (const HeldOut& thing : held_out_of(edition)) {
    if (thing.name == name) return thing;
    names += c10::str(names.empty() ? "" : ", ", thing.name);
  }
  fail("sprites: no held-out concept '", name, "'; there are ", names);
}

/// Five photographs (four of every other concept) in five scenes, none of which the evaluation prompts name.
OPAD_ONCE std::vector<Sprite> photographs(const HeldOut& thing) {
  constexpr std::array scenes{Scene::Studio, Scene::Meadow, Scene::Kitchen, Scene::Wall, Scene::City};
  Stream random(hash("sprite/photographs"), hash(thing.name));
  const auto order = random.permutation(scenes.size());
  const auto between = [&random](double low, double high) { return low + (high - low) * random.uniform(); };
  std::vector<Sprite> pictures;
  for (std::size_t i = 0; i < (hash(thing.name) % 2 == 0 ? 4 : 5); ++i) {
    const bool large = i == 1;
    Sprite sprite{.identity = thing.identity,
                  .scene = scenes[order[i]],
                  .size = large ? Size::Large : Size::Normal,
                  .edition = thing.edition};
    sprite.x = between(0.46, 0.54), sprite.y = large ? between(0.96, 0.99) : between(0.89, 0.94);
    sprite.scale = large ? between(0.9, 0.96) : between(0.68, 0.8);
    sprite.tilt = between(-4, 4), sprite.mirrored = i % 2 == 1, sprite.detail = random.bits();
    pictures.push_back(sprite);
  }
  return pictures;
}

/// What to ask of a personalised model; {} becomes the concept ("<new1> cat") or its class word.
inline constexpr std::array<std::string_view, 10> evaluation_prompts{
    "a {} in the forest", "a {} on the beach",       "a {} in the desert",
    "a {} in the snow",   "a {} in space",           "a {} under water",
    "a {} at night",      "a pencil sketch of a {}", "a watercolor painting of a {}",
    "a poster of a {}"};

}  // namespace opad::sprites
