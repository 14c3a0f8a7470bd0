#pragma once
#include <opad/data/sprites/attributes.hpp>
#include <opad/evaluate/attribute_reader.hpp>

namespace opad {

/// The sprite world's attributes for an AttributeReader: lists of words in the order of data/sprites/attributes.hpp.
inline AttributeWords sprite_attribute_words() {
  using namespace sprites;
  const auto list = [](const auto& table) { return std::vector<std::string>(table.begin(), table.end()); };
  return {{"kind", list(kind_words)},    {"primary", list(color_words)},   {"secondary", list(color_words)},
          {"accent", list(color_words)}, {"texture", list(texture_words)}, {"accessory", list(accessory_words)},
          {"scene", list(scene_words)},  {"style", list(style_words)}};
}

/// What a thing always shows, in words.
inline Attributes sprite_attributes(const sprites::Identity& thing) {
  const auto text = [](auto value) { return std::string(sprites::word(value)); };
  return {{"kind", text(thing.kind)},     {"primary", text(thing.primary)}, {"secondary", text(thing.secondary)},
          {"accent", text(thing.accent)}, {"texture", text(thing.texture)}, {"accessory", text(thing.accessory)}};
}

/// A picture's words as their numbers in sprite_attribute_words(): the labels that the reader learns from.
inline std::vector<std::int64_t> sprite_labels(const sprites::Sprite& sprite) {
  const sprites::Identity& thing = sprite.identity;
  const auto number = [](auto value) { return static_cast<std::int64_t>(value); };
  return {number(thing.kind),    number(thing.primary),   number(thing.secondary), number(thing.accent),
          number(thing.texture), number(thing.accessory), number(sprite.scene),    number(sprite.style)};
}

}  // namespace opad
