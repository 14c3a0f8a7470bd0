#pragma once
#include <cctype>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/core/random.hpp>
#include <opad/data/prompt_templates.hpp>
#include <opad/data/sprites/held_out.hpp>

namespace opad::sprites {

/// The phrases of captions. Everything that a caption says comes from these tables and those of attributes.hpp.
namespace phrases {

using Words = std::string_view;
inline constexpr std::array<Words, 10> photo{"photo",     "photo",     "photo",      "picture",      "picture",
                                             "rendering", "rendition", "good photo", "bright photo", "cropped photo"};
inline constexpr std::array<Words, 2> sketch{"pencil sketch", "sketch"},
    watercolor{"watercolor painting", "watercolor"}, poster{"poster", "pop art poster"},
    neon{"neon sign", "neon light"};
inline constexpr std::array<Words, 2> small_photo{"far away photo", "very small photo"};
inline constexpr std::array<Words, 3> large_photo{"close-up photo", "close up photo", "zoomed in photo"};
inline constexpr std::array<Words, 6> articles{"a", "a", "a", "the", "my", "one"};
inline constexpr std::array<Words, 5> fillers{"nice", "cool", "clean", "dirty", "weird"};

/// Where it is, in two wordings a scene.
inline constexpr std::array<std::array<Words, 2>, 12> scenes{{{"in the meadow", "on the grass"},
                                                              {"on the beach", "at the beach"},
                                                              {"in the forest", "in the woods"},
                                                              {"in the desert", "on the sand dunes"},
                                                              {"in the snow", "on a snowy field"},
                                                              {"in the city", "on the street"},
                                                              {"in space", "in outer space"},
                                                              {"under water", "in the sea"},
                                                              {"at night", "in the moonlight"},
                                                              {"in the kitchen", "on the kitchen counter"},
                                                              {"in front of a brick wall", "by a brick wall"},
                                                              {"on a plain background", "in the studio"}}};

inline Words any(std::span<const Words> words, Stream& random) {
  return words[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(words.size())))];
}

inline std::span<const Words> of(Style style) {
  switch (style) {
    case Style::Photo:
      return photo;
    case Style::Sketch:
      return sketch;
    case Style::Watercolor:
      return watercolor;
    case Style::Poster:
      return poster;
    case Style::Neon:
      return neon;
  }
  return photo;
}

/// Puts words after each other; "a" before a vowel becomes "an".
class Sentence {
 public:
  Sentence& operator<<(Words words) {
    if (words.empty()) return *this;
    if (text_ == "a" || text_.ends_with(" a")) text_ += Words("aeiou").find(words[0]) != Words::npos ? "n" : "";
    text_ += (text_.empty() ? "" : " ");
    text_ += words;
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace phrases

/// What somebody might say about the picture. Names the kind always; the style unless it is a photograph; the primary
/// color in half of the captions, a texture in 35 % and an accessory in 40 % of those with one, the scene in 90 %;
/// never the secondary color, the accent or proportions, which only a new token can carry.
OPAD_ONCE std::string caption(const Sprite& sprite, Stream& random) {
  using namespace phrases;
  const Identity& thing = sprite.identity;
  Sentence sentence;
  bool size_said = sprite.size == Size::Normal;
  if (sprite.style != Style::Photo || random.bernoulli(0.75)) {
    auto lead = of(sprite.style);
    if (sprite.style == Style::Photo && !size_said && random.bernoulli(0.3)) {
      if (sprite.size == Size::Small) lead = small_photo;
      else lead = large_photo;
      size_said = true;
    }
    sentence << (random.bernoulli(0.8) ? "a" : "the") << any(lead, random) << "of";
  }
  sentence << any(articles, random);
  if (random.bernoulli(0.1)) sentence << any(fillers, random);
  if (!size_said && random.bernoulli(0.7)) sentence << word(sprite.size);
  if (random.bernoulli(0.5)) sentence << word(thing.primary);
  if (thing.texture != Texture::Plain && random.bernoulli(0.35)) sentence << word(thing.texture);
  sentence << word(thing.kind);
  if (thing.accessory != Accessory::None && random.bernoulli(0.4))
    sentence << "with" << (thing.accessory == Accessory::Glasses ? "" : "a") << word(thing.accessory);
  if (sprite.place != Place::Center && random.bernoulli(0.6)) sentence << "on the" << word(sprite.place);
  if (random.bernoulli(0.9)) sentence << scenes[static_cast<std::size_t>(sprite.scene)][random.integer(0, 2)];
  return sentence.text();
}

}  // namespace opad::sprites

namespace opad {

/// Everything that captions of sprites, the prompt templates with their inserted words, and the evaluation prompts are
/// made of, cut as CLIP's tokenizer cuts text: runs of letters, runs of other marks. Sorted, each once, lower case.
OPAD_ONCE std::vector<std::string> sprite_vocabulary() {
  using namespace sprites;
  std::set<std::string> words;
  const auto add = [&words](std::string_view text) {
    const auto kind = [](char c) {
      return c == ' ' || c == '{' || c == '}' ? 0 : std::isalpha(static_cast<unsigned char>(c)) ? 1 : 2;
    };
    for (std::size_t i = 0, end; i < text.size(); i = end) {
      for (end = i + 1; end < text.size() && kind(text[end]) == kind(text[i]);) ++end;
      if (kind(text[i]) != 0) words.emplace(text.substr(i, end - i));
    }
  };
  const auto add_all = [&add](const auto&... tables) {
    const auto each = [&add](const auto& table) {
      for (const std::string_view text : table) add(text);
    };
    (each(tables), ...);
  };
  add_all(kind_words, color_words, texture_words, accessory_words, scene_words, style_words, size_words, place_words);
  add_all(phrases::photo, phrases::sketch, phrases::watercolor, phrases::poster, phrases::neon, phrases::small_photo,
          phrases::large_photo, phrases::articles, phrases::fillers, evaluation_prompts, prompt_templates, far_words,
          near_words);
  for (const auto& scene : phrases::scenes) add_all(scene);
  add("an with of on the");
  return {words.begin(), words.end()};
}

}  // namespace opad
