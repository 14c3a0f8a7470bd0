#include <map>
#include <regex>
#include <set>
#include <sstream>

#include <opad/data/sprites.hpp>

#include "support/catch.hpp"

using namespace opad;
using namespace opad::sprites;

namespace {

/// A text's words, cut as sprite_vocabulary() cuts.
std::vector<std::string> words_of(const std::string& text) {
  const std::regex piece("[a-z]+|[^a-z ]+");
  return {std::sregex_token_iterator(text.begin(), text.end(), piece), std::sregex_token_iterator()};
}

std::int64_t pixels_that_differ(const Sprite& a, const Sprite& b, std::int64_t resolution) {
  const Tensor difference = (render(a, resolution).to(torch::kInt32) - render(b, resolution).to(torch::kInt32)).abs();
  return (std::get<0>(difference.max(2)) > 24).sum().item<std::int64_t>();
}

}  // namespace

TEST_CASE("A sprite has the same pixels on every machine", "[data][sprites]") {
  const std::map<std::pair<std::int64_t, Edition>, std::array<std::uint64_t, 5>> pinned{
      {{32, Edition::First},
       {0x123a127ea615d4bb, 0x8099fb2fcf7f76d6, 0xae83730216a4958, 0x6b0da759e6b86a15, 0x97d777583b6bfcab}},
      {{64, Edition::First},
       {0x70cd731fe10a421a, 0x37a43f00397ba5c1, 0xbfbe7789e9a00b81, 0x6b7021cbfed19d63, 0xae539e5e437d003d}},
      {{64, Edition::Second},
       {0x84bf38e8b0e29968, 0x77b007bd4bbb1d2d, 0xee0988af2bedf061, 0x464cfbda5c4d93be, 0x61f59b3cce190cac}}};
  for (const auto& [drawing, styles] : pinned)
    for (std::size_t style = 0; style < styles.size(); ++style) {
      std::uint64_t state = hash("");
      for (std::uint64_t i = 0; i < 60; ++i) {
        Stream random(hash("sprite test"), i);
        const auto [resolution, edition] = drawing;
        Sprite sprite = sample_sprite(random, edition);
        sprite.style = static_cast<Style>(style);
        const Tensor picture = render(sprite, resolution);
        REQUIRE(picture.sizes() == at::IntArrayRef({resolution, resolution, 3}));
        REQUIRE(picture.scalar_type() == torch::kUInt8);
        state = hash({reinterpret_cast<const char*>(picture.data_ptr<std::uint8_t>()),
                      static_cast<std::size_t>(picture.numel())},
                     state);
      }
      CAPTURE(drawing.first, static_cast<int>(drawing.second), word(static_cast<Style>(style)), state);
      REQUIRE(state == styles[style]);
    }
}

TEST_CASE("Both resolutions show the same picture", "[data][sprites]") {
  for (std::uint64_t i = 0; i < 40; ++i) {
    Stream random(11, i);
    Sprite sprite = sample_sprite(random, i % 2 == 0 ? Edition::First : Edition::Second);
    sprite.style = Style::Photo;
    const Tensor large = render(sprite, 64).to(torch::kFloat32).permute({2, 0, 1}).unsqueeze(0);
    const Tensor small = render(sprite, 32).to(torch::kFloat32).permute({2, 0, 1}).unsqueeze(0);
    REQUIRE((at::avg_pool2d(large, 2) - small).abs().mean().item<double>() < 4);
  }
}

TEST_CASE("Every attribute can be seen at 32 pixels", "[data][sprites]") {
  for (std::size_t k = 0; k < kind_words.size(); ++k) {
    CAPTURE(kind_words[k]);
    Sprite model;
    model.identity = {
        static_cast<Kind>(k), Color::Orange, Color::Blue, Color::Green, Texture::Striped, Accessory::None, 0, 0, 0};
    const auto changes = [&model](auto set) {
      Sprite changed = model;
      set(changed);
      return pixels_that_differ(model, changed, 32);
    };
    REQUIRE(changes([](Sprite& s) { s.identity.primary = Color::Red; }) >= 20);
    REQUIRE(changes([](Sprite& s) { s.identity.secondary = Color::White; }) >= 20);
    REQUIRE(changes([](Sprite& s) { s.identity.accent = Color::Pink; }) >= 3);  // also with no accessory
    REQUIRE(changes([](Sprite& s) { s.identity.width = 1; }) >= 10);
    REQUIRE(changes([](Sprite& s) { s.identity.shape = 1; }) >= 3);
    for (std::size_t i = 1; i < accessory_words.size(); ++i)
      REQUIRE(changes([i](Sprite& s) { s.identity.accessory = static_cast<Accessory>(i); }) >= 12);
    for (const int texture : {0, 2, 3})
      REQUIRE(changes([texture](Sprite& s) { s.identity.texture = static_cast<Texture>(texture); }) >= 8);
    for (std::size_t i = 0; i + 1 < scene_words.size(); ++i)
      REQUIRE(changes([i](Sprite& s) { s.scene = static_cast<Scene>(i); }) >= 200);
    for (std::size_t i = 1; i < style_words.size(); ++i)
      REQUIRE(changes([i](Sprite& s) { s.style = static_cast<Style>(i); }) >= 100);
  }
}

TEST_CASE("Every attribute of the second edition can be seen at 64 pixels, also on a small figure", "[data][sprites]") {
  for (std::size_t k = 0; k < kind_words.size(); ++k)
    for (const double scale : {0.57, 0.76}) {
      CAPTURE(kind_words[k], scale);
      Sprite model{.scale = scale, .edition = Edition::Second};
      model.identity = {
          static_cast<Kind>(k), Color::Orange, Color::Blue, Color::Green, Texture::Striped, Accessory::None, 0, 0, 0};
      const auto changes = [&model](auto set) {
        Sprite changed = model;
        set(changed);
        return pixels_that_differ(model, changed, 64);
      };
      REQUIRE(changes([](Sprite& s) { s.identity.primary = Color::Red; }) >= 100);
      REQUIRE(changes([](Sprite& s) { s.identity.secondary = Color::White; }) >= 100);
      REQUIRE(changes([](Sprite& s) { s.identity.accent = Color::Pink; }) >= 8);
      REQUIRE(changes([](Sprite& s) { s.identity.width = 1; }) >= 40);
      for (std::size_t i = 1; i + 1 < accessory_words.size(); ++i)
        REQUIRE(changes([i](Sprite& s) { s.identity.accessory = static_cast<Accessory>(i); }) >= 50);
      for (const int texture : {0, 2, 3})
        REQUIRE(changes([texture](Sprite& s) { s.identity.texture = static_cast<Texture>(texture); }) >= 40);
      for (std::size_t i = 1; i < style_words.size(); ++i)
        REQUIRE(changes([i](Sprite& s) { s.style = static_cast<Style>(i); }) >= 400);
      model.style = Style::Sketch;  // colored pencils
      REQUIRE(changes([](Sprite& s) { s.identity.primary = Color::Green; }) >= 60);
    }
}

TEST_CASE("Figures of normal and small size, with whatever they wear on top, stay inside the picture",
          "[data][sprites]") {
  const auto edition = GENERATE(Edition::First, Edition::Second);
  for (std::size_t k = 0; k < kind_words.size(); ++k)
    for (std::size_t a = 0; a < accessory_words.size(); ++a) {
      Sprite figure{.edition = edition};
      figure.identity = {static_cast<Kind>(k),
                         Color::Red,
                         Color::Blue,
                         Color::Black,
                         Texture::Plain,
                         static_cast<Accessory>(a),
                         1,
                         1,
                         0};
      figure.scale = edition == Edition::First ? 0.78 : 0.80, figure.y = 0.94;
      const Tensor picture = render(figure, 64), wall = picture[0][0];
      CAPTURE(kind_words[k], accessory_words[a]);
      REQUIRE((picture[0].to(torch::kInt32) - wall.to(torch::kInt32)).abs().max().item<int>() < 8);
    }
}

TEST_CASE("The sampler cannot make a held-out concept", "[data][sprites][held-out]") {
  const auto edition = GENERATE(Edition::First, Edition::Second);
  std::size_t distinguishable = 0;
  for (std::size_t a = 0; a < color_words.size(); ++a)
    for (std::size_t b = 0; b < color_words.size(); ++b)
      distinguishable += distinct(static_cast<Color>(a), static_cast<Color>(b), edition);
  std::map<Kind, std::set<std::pair<Color, Color>>> allowed;
  for (std::size_t k = 0; k < kind_words.size(); ++k) {
    const auto pairs = training_colors(static_cast<Kind>(k), edition);
    const auto concepts = std::ranges::count_if(
        held_out_of(edition), [k](const HeldOut& thing) { return thing.identity.kind == static_cast<Kind>(k); });
    REQUIRE(concepts >= 1);
    // the held-out concepts of that kind, and they would be drawn otherwise
    REQUIRE(pairs.size() == distinguishable - static_cast<std::size_t>(concepts));
    allowed[static_cast<Kind>(k)] = {pairs.begin(), pairs.end()};
  }
  for (const HeldOut& thing : held_out_of(edition))
    REQUIRE_FALSE(allowed.at(thing.identity.kind).contains({thing.identity.primary, thing.identity.secondary}));
  Stream random(1, 0);
  bool closed = true;
  for (int i = 0; i < 50000; ++i) {
    const Identity identity = sample_sprite(random, edition).identity;
    closed &= allowed.at(identity.kind).contains({identity.primary, identity.secondary});
    closed &=
        distinct(identity.accent, identity.primary, edition) && distinct(identity.accent, identity.secondary, edition);
  }
  REQUIRE(closed);
}

TEST_CASE("The second edition samples no gray, no glasses, and textures along the picture's sides", "[data][sprites]") {
  Stream random(4, 0);
  std::set<Accessory> accessories;
  std::set<Color> colors;
  std::set<int> angles;
  for (int i = 0; i < 5000; ++i) {
    const Sprite sprite = sample_sprite(random, Edition::Second);
    REQUIRE(sprite.edition == Edition::Second);
    accessories.insert(sprite.identity.accessory), angles.insert(sprite.identity.angle);
    colors.insert({sprite.identity.primary, sprite.identity.secondary, sprite.identity.accent});
  }
  REQUIRE(accessories.size() == accessory_words.size() - 1);
  REQUIRE_FALSE(accessories.contains(Accessory::Glasses));
  REQUIRE(colors.size() == color_words.size() - 1);
  REQUIRE_FALSE(colors.contains(Color::Gray));
  REQUIRE(angles == std::set<int>{0, 2});
}

TEST_CASE("Held-out concepts, in scenes that no evaluation prompt names", "[data][sprites][held-out]") {
  const auto edition = GENERATE(Edition::First, Edition::Second);
  std::set<std::string_view> names;
  std::map<Kind, int> kinds;  // evaluation concepts of each
  int evaluation = 0;
  for (const HeldOut& thing : held_out_of(edition)) {
    REQUIRE(thing.edition == edition);
    names.insert(thing.name), kinds[thing.identity.kind] += thing.evaluation, evaluation += thing.evaluation;
    REQUIRE(distinct(thing.identity.primary, thing.identity.secondary, edition));
    REQUIRE(distinct(thing.identity.primary, thing.identity.accent, edition));
    REQUIRE(distinct(thing.identity.secondary, thing.identity.accent, edition));
    const auto pictures = photographs(thing);
    REQUIRE(pictures.size() >= 4);
    REQUIRE(pictures.size() <= 5);
    std::set<Scene> scenes;
    for (const Sprite& sprite : pictures) {
      REQUIRE(sprite.identity == thing.identity);
      REQUIRE(sprite.style == Style::Photo);
      REQUIRE(sprite.edition == edition);
      scenes.insert(sprite.scene);
      for (const auto prompt : evaluation_prompts)
        for (const auto phrase : phrases::scenes[static_cast<std::size_t>(sprite.scene)])
          REQUIRE(prompt.find(phrase) == std::string_view::npos);
    }
    REQUIRE(scenes.size() == pictures.size());
    REQUIRE(held_out_named(thing.name, edition).identity == thing.identity);
  }
  REQUIRE(names.size() == held_out_of(edition).size());
  REQUIRE(kinds.size() == 12);
  if (edition == Edition::First) REQUIRE((names.size() == 12 && evaluation == 6));
  else {
    REQUIRE((names.size() == 32 && evaluation == 24));
    for (const auto& [kind, count] : kinds) REQUIRE(count == 2);
  }
  for (const auto prompt : evaluation_prompts) REQUIRE(prompt.find("{}") != std::string_view::npos);
  REQUIRE_THROWS_WITH(held_out_named("dotted-cow", Edition::First),
                      ContainsSubstring("no held-out concept 'dotted-cow'") && ContainsSubstring("striped-cat"));
}

TEST_CASE("Attributes are drawn with their probabilities", "[data][sprites]") {
  constexpr int n = 20000;
  std::map<Kind, int> kinds;
  std::map<Scene, int> scenes;
  std::map<Style, int> styles;
  std::map<Size, int> sizes;
  std::map<Place, int> places;
  std::map<Texture, int> textures;
  std::map<Accessory, int> accessories;
  std::map<Color, int> primaries, accents;
  for (int i = 0; i < n; ++i) {
    Stream random = Random(3).stream("sprites", i);
    const Sprite s = sample_sprite(random);
    ++kinds[s.identity.kind], ++scenes[s.scene], ++styles[s.style], ++sizes[s.size], ++places[s.place];
    ++textures[s.identity.texture], ++accessories[s.identity.accessory], ++primaries[s.identity.primary],
        ++accents[s.identity.accent];
  }
  const auto uniform = [](const auto& counts, std::size_t values) {
    REQUIRE(counts.size() == values);
    for (const auto& [value, count] : counts) REQUIRE(std::abs(count / double(n) - 1. / double(values)) < 0.015);
  };
  uniform(kinds, 12), uniform(scenes, 12), uniform(textures, 4), uniform(accessories, 7);
  REQUIRE(primaries.size() == 12);
  REQUIRE(accents.size() == 12);
  for (const auto& [color, count] : primaries) REQUIRE(count > n / 20);
  REQUIRE(std::abs(styles[Style::Photo] / double(n) - 0.6) < 0.015);
  for (const auto style : {Style::Sketch, Style::Watercolor, Style::Poster, Style::Neon})
    REQUIRE(std::abs(styles[style] / double(n) - 0.1) < 0.01);
  REQUIRE(std::abs(sizes[Size::Small] / double(n) - 0.25) < 0.015);
  REQUIRE(std::abs(sizes[Size::Large] / double(n) - 0.25) < 0.015);
  REQUIRE(std::abs(places[Place::Left] / double(n) - 0.25 * 0.75) < 0.015);  // large figures stand in the middle
  REQUIRE(std::abs(places[Place::Right] / double(n) - 0.25 * 0.75) < 0.015);
}

TEST_CASE("Captions tell what is to be seen, and never what only a new token can carry", "[data][sprites][caption]") {
  constexpr int n = 20000;
  const auto vocabulary = sprite_vocabulary();
  const std::set<std::string> known(vocabulary.begin(), vocabulary.end());
  int colors = 0, textured = 0, textures = 0, wearing = 0, accessories = 0, scenes = 0;
  std::set<std::string> used;
  for (int i = 0; i < n; ++i) {
    Stream random = Random(5).stream("captions", i);
    const Sprite s = sample_sprite(random);
    const std::string text = caption(s, random);
    const auto words = words_of(text);
    CAPTURE(text);
    const auto says = [&words](std::string_view which) {
      return std::find(words.begin(), words.end(), which) != words.end();
    };
    for (const auto& piece : words)
      if (!known.contains(piece)) FAIL("not in the vocabulary: " << piece);
    used.insert(words.begin(), words.end());
    bool ok = says(word(s.identity.kind)) && !says(word(s.identity.secondary)) && !says(word(s.identity.accent));
    for (std::size_t c = 0; c < color_words.size(); ++c)
      ok &= !says(color_words[c]) || static_cast<Color>(c) == s.identity.primary;
    for (std::size_t k = 0; k < kind_words.size(); ++k)
      ok &= !says(kind_words[k]) || static_cast<Kind>(k) == s.identity.kind;
    ok &= (says("sketch") == (s.style == Style::Sketch)) && (says("watercolor") == (s.style == Style::Watercolor)) &&
          (says("poster") == (s.style == Style::Poster)) && (says("neon") == (s.style == Style::Neon));
    ok &= !std::regex_search(text, std::regex("(^| )(a [aeiou]|an [^aeiou])|  |^ | $"));
    REQUIRE(ok);
    colors += says(word(s.identity.primary));
    if (s.identity.texture != Texture::Plain) ++textured, textures += says(word(s.identity.texture));
    if (s.identity.accessory != Accessory::None) ++wearing, accessories += says(word(s.identity.accessory));
    for (const auto phrase : phrases::scenes[static_cast<std::size_t>(s.scene)])
      if (text.ends_with(phrase)) {
        ++scenes;
        break;
      }
  }
  REQUIRE(std::abs(colors / double(n) - 0.5) < 0.02);
  REQUIRE(std::abs(textures / double(textured) - 0.35) < 0.02);
  REQUIRE(std::abs(accessories / double(wearing) - 0.4) < 0.02);
  REQUIRE(std::abs(scenes / double(n) - 0.9) < 0.02);
  for (const auto& table :
       {std::set<std::string>{"cat", "red", "dotted", "scarf", "small", "left", "weird", "zoomed", "close"}})
    for (const auto& piece : table) REQUIRE(used.contains(piece));
}

TEST_CASE("The vocabulary covers templates, inserted words and evaluation prompts", "[data][sprites][caption]") {
  const auto vocabulary = sprite_vocabulary();
  REQUIRE(std::is_sorted(vocabulary.begin(), vocabulary.end()));
  const std::set<std::string> known(vocabulary.begin(), vocabulary.end());
  REQUIRE(known.size() == vocabulary.size());
  REQUIRE_FALSE(known.contains("{}"));
  std::vector<std::string> texts = instance_prompts("cat", false);
  for (const auto text : evaluation_prompts) texts.push_back(fill_template(text, "cat"));
  for (const auto words : {far_words, near_words}) texts.insert(texts.end(), words.begin(), words.end());
  for (const auto& text : texts)
    for (const auto& piece : words_of(text)) {
      CAPTURE(piece);
      REQUIRE(known.contains(piece));
    }
}

TEST_CASE("An answer shows the thing in the scene and the style that the prompt names", "[data][sprites]") {
  const Identity& thing = held_out_named("plain-duck").identity;
  Stream random(1, 2);
  for (const auto& [prompt, scene] : std::map<std::string, Scene>{{"a duck in the forest", Scene::Forest},
                                                                  {"a duck under water", Scene::Underwater},
                                                                  {"my duck at night", Scene::Night}}) {
    const Sprite answer = sample_answer(thing, prompt, random);
    REQUIRE((answer.identity == thing && answer.scene == scene && answer.style == Style::Photo &&
             answer.size == Size::Normal && answer.place == Place::Center));
  }
  REQUIRE(sample_answer(thing, "a pencil sketch of a duck", random).style == Style::Sketch);
  REQUIRE(sample_answer(thing, "a watercolor of a duck in the snow", random).scene == Scene::Snow);
  for (const auto prompt : evaluation_prompts) {  // each names a scene or a style
    std::set<Scene> scenes;
    std::set<Style> styles;
    for (int i = 0; i < 40; ++i) {
      const Sprite answer = sample_answer(thing, prompt, random);
      scenes.insert(answer.scene), styles.insert(answer.style);
    }
    CAPTURE(prompt);
    REQUIRE(styles.size() == 1);
    REQUIRE((scenes.size() == 1) != (*styles.begin() != Style::Photo));
  }
}

TEST_CASE("Resolutions that cannot be drawn are refused", "[data][sprites]") {
  REQUIRE_THROWS_WITH(render({}, 8), ContainsSubstring("give 16 to 1024 pixels"));
  REQUIRE_THROWS_AS(render({}, 5000), opad::Error);
  REQUIRE_NOTHROW(render({}, 16));
}
