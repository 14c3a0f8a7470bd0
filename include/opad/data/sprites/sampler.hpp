#pragma once
#include <tuple>
#include <utility>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/core/random.hpp>
#include <opad/data/sprites/held_out.hpp>

namespace opad::sprites {

namespace sampling {

template <class Enum, std::size_t N>
Enum any(const std::array<std::string_view, N>&, Stream& random) {
  return static_cast<Enum>(random.integer(0, N));
}

/// An enumerator, with the probability at its place in `shares`; they sum to 1.
template <class Enum, std::size_t N>
Enum weighted(const std::array<double, N>& shares, Stream& random) {
  double u = random.uniform();
  std::size_t i = 0;
  while (i + 1 < N && u >= shares[i]) u -= shares[i++];
  return static_cast<Enum>(i);
}

inline double between(Stream& random, double low, double high) { return low + (high - low) * random.uniform(); }

}  // namespace sampling

/// Is this pair of primary and secondary color, on this kind of thing, that of a held-out concept?
constexpr bool is_held_out(Kind kind, Color primary, Color secondary, Edition edition = Edition::First) {
  for (const HeldOut& thing : held_out_of(edition))
    if (thing.identity.kind == kind && thing.identity.primary == primary && thing.identity.secondary == secondary)
      return true;
  return false;
}

/// All pairs of primary and secondary color that training pictures show on a kind of thing: those that a person can
/// tell apart, but none of a held-out concept. What is drawn from here cannot be a held-out concept, nor differ from
/// one only in its accent, texture, accessory or proportions.
inline std::vector<std::pair<Color, Color>> training_colors(Kind kind, Edition edition = Edition::First) {
  std::vector<std::pair<Color, Color>> pairs;
  for (std::size_t a = 0; a < color_words.size(); ++a)
    for (std::size_t b = 0; b < color_words.size(); ++b) {
      const auto primary = static_cast<Color>(a), secondary = static_cast<Color>(b);
      if (distinct(primary, secondary, edition) && !is_held_out(kind, primary, secondary, edition))
        pairs.emplace_back(primary, secondary);
    }
  return pairs;
}

/// A thing for training, all attributes independent but the colors, which differ from each other. The second edition
/// has no glasses, and textures that run along the picture's sides.
OPAD_ONCE Identity sample_identity(Kind kind, Stream& random, Edition edition = Edition::First) {
  using Pairs = std::array<std::vector<std::pair<Color, Color>>, kind_words.size()>;
  static const auto colors = [] {
    std::array<Pairs, 2> all;
    for (std::size_t e = 0; e < all.size(); ++e)
      for (std::size_t k = 0; k < kind_words.size(); ++k)
        all[e][k] = training_colors(static_cast<Kind>(k), static_cast<Edition>(e));
    return all;
  }();
  const auto& pairs = colors[static_cast<std::size_t>(edition)][static_cast<std::size_t>(kind)];
  Identity identity{.kind = kind};
  std::tie(identity.primary, identity.secondary) = pairs[random.integer(0, static_cast<std::int64_t>(pairs.size()))];
  do identity.accent = sampling::any<Color>(color_words, random);
  while (!distinct(identity.accent, identity.primary, edition) ||
         !distinct(identity.accent, identity.secondary, edition));
  identity.texture = sampling::any<Texture>(texture_words, random);
  do identity.accessory = sampling::any<Accessory>(accessory_words, random);
  while (edition == Edition::Second && identity.accessory == Accessory::Glasses);
  identity.width = sampling::between(random, -1, 1), identity.shape = sampling::between(random, -1, 1);
  identity.angle = static_cast<int>(edition == Edition::First ? random.integer(0, 4) : 2 * random.integer(0, 2));
  return identity;
}

inline Identity sample_identity(Stream& random, Edition edition = Edition::First) {
  const Kind kind = sampling::any<Kind>(kind_words, random);
  return sample_identity(kind, random, edition);
}

/// A picture of a thing: any scene, mostly photographs, half of them in the middle and of normal size.
OPAD_ONCE Sprite sample_view(const Identity& identity, Stream& random, Edition edition = Edition::First) {
  using sampling::between;
  const bool second = edition == Edition::Second;
  Sprite sprite{.identity = identity, .edition = edition};
  sprite.scene = sampling::any<Scene>(scene_words, random);
  sprite.style = sampling::weighted<Style>(std::array{0.6, 0.1, 0.1, 0.1, 0.1}, random);
  sprite.size = sampling::weighted<Size>(std::array{0.25, 0.5, 0.25}, random);
  sprite.place = sampling::weighted<Place>(std::array{0.5, 0.25, 0.25}, random);
  if (sprite.size == Size::Large) sprite.place = Place::Center;
  switch (sprite.size) {
    case Size::Small:
      sprite.scale = second ? between(random, 0.54, 0.60) : between(random, 0.44, 0.52);
      sprite.y = between(random, 0.80, 0.88);
      break;
    case Size::Normal:
      sprite.scale = second ? between(random, 0.72, 0.80) : between(random, 0.66, 0.78);
      sprite.y = between(random, 0.88, 0.94);
      break;
    case Size::Large:
      sprite.scale = between(random, 0.90, 0.98), sprite.y = between(random, 0.96, 1.00);
      break;
  }
  const double away = sprite.size == Size::Small ? 0.24 : 0.18;
  sprite.x = between(random, 0.46, 0.54) + (sprite.place == Place::Left    ? -away
                                            : sprite.place == Place::Right ? away
                                                                           : 0);
  sprite.tilt = between(random, -5, 5);
  sprite.mirrored = random.bernoulli(0.5);
  sprite.detail = random.bits();
  return sprite;
}

inline Sprite sample_sprite(Stream& random, Edition edition = Edition::First) {
  const Identity identity = sample_identity(random, edition);
  return sample_view(identity, random, edition);
}

}  // namespace opad::sprites
