#pragma once
#include <algorithm>

#include <opad/core/once.hpp>
#include <opad/data/sprites/caption.hpp>
#include <opad/data/sprites/sampler.hpp>

namespace opad::sprites {

/// A picture of a thing as a prompt asks for it: in the scene and the style that the prompt names in the words of
/// captions (any scene, and a photograph, where it names none), of normal size and in the middle; the rest is drawn as
/// for training. What a model that knew the thing perfectly would show.
OPAD_ONCE Sprite sample_answer(const Identity& thing, std::string_view prompt, Stream& random,
                               Edition edition = Edition::First) {
  const auto named = [prompt](const auto& words) {
    return std::ranges::any_of(words, [prompt](auto w) { return prompt.find(w) != std::string_view::npos; });
  };
  Sprite sprite;
  do sprite = sample_view(thing, random, edition);
  while (sprite.size != Size::Normal || sprite.place != Place::Center);
  for (std::size_t i = 0; i < scene_words.size(); ++i)
    if (named(phrases::scenes[i])) sprite.scene = static_cast<Scene>(i);
  sprite.style = Style::Photo;
  for (const Style style : {Style::Sketch, Style::Watercolor, Style::Poster, Style::Neon})
    if (named(phrases::of(style))) sprite.style = style;
  return sprite;
}

}  // namespace opad::sprites
