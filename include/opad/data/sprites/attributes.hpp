#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace opad::sprites {

/// Which drawing of the world. The shipped models know the first, of 32 pixels. The second is drawn for 64 pixels and
/// for models that shall read and draw it all: larger figures, textures and accessories, fewer of both, colors further
/// apart and kept by all styles, scenes without small loose details. The first goes, and this with it, when models of
/// the second ship.
enum class Edition { First, Second };
constexpr Edition edition_of(std::int64_t resolution) { return resolution < 64 ? Edition::First : Edition::Second; }

/// What can be said about a sprite. The words are those of captions; a word's place in its table is the enumerator's
/// number.
enum class Kind { Cat, Dog, Duck, Fish, Robot, Car, Boat, Rocket, Mug, Teapot, Backpack, Clock };
inline constexpr std::array<std::string_view, 12> kind_words{"cat",  "dog",    "duck", "fish",   "robot",    "car",
                                                             "boat", "rocket", "mug",  "teapot", "backpack", "clock"};

enum class Color { Red, Orange, Yellow, Green, Cyan, Blue, Purple, Pink, Brown, White, Gray, Black };
inline constexpr std::array<std::string_view, 12> color_words{"red",    "orange", "yellow", "green", "cyan", "blue",
                                                              "purple", "pink",   "brown",  "white", "gray", "black"};

enum class Texture { Plain, Striped, Dotted, Checkered };
inline constexpr std::array<std::string_view, 4> texture_words{"plain", "striped", "dotted", "checkered"};

enum class Accessory { None, Hat, Bow, Flag, Star, Scarf, Glasses };
inline constexpr std::array<std::string_view, 7> accessory_words{"none", "hat",   "bow",    "flag",
                                                                 "star", "scarf", "glasses"};

enum class Scene { Meadow, Beach, Forest, Desert, Snow, City, Space, Underwater, Night, Kitchen, Wall, Studio };
inline constexpr std::array<std::string_view, 12> scene_words{
    "meadow", "beach", "forest", "desert", "snow", "city", "space", "underwater", "night", "kitchen", "wall", "studio"};

enum class Style { Photo, Sketch, Watercolor, Poster, Neon };
inline constexpr std::array<std::string_view, 5> style_words{"photo", "sketch", "watercolor", "poster", "neon"};

enum class Size { Small, Normal, Large };
inline constexpr std::array<std::string_view, 3> size_words{"small", "normal", "large"};

enum class Place { Center, Left, Right };
inline constexpr std::array<std::string_view, 3> place_words{"center", "left", "right"};

constexpr std::string_view word(Kind value) { return kind_words[static_cast<std::size_t>(value)]; }
constexpr std::string_view word(Color value) { return color_words[static_cast<std::size_t>(value)]; }
constexpr std::string_view word(Texture value) { return texture_words[static_cast<std::size_t>(value)]; }
constexpr std::string_view word(Accessory value) { return accessory_words[static_cast<std::size_t>(value)]; }
constexpr std::string_view word(Scene value) { return scene_words[static_cast<std::size_t>(value)]; }
constexpr std::string_view word(Style value) { return style_words[static_cast<std::size_t>(value)]; }
constexpr std::string_view word(Size value) { return size_words[static_cast<std::size_t>(value)]; }
constexpr std::string_view word(Place value) { return place_words[static_cast<std::size_t>(value)]; }

/// What stays the same in every picture of one thing. `width` and `shape` are proportions in [-1, 1]: how wide the
/// whole figure is, and one feature of its kind (the cat's ears, the rocket's length, ...). `angle` turns the texture.
struct Identity {
  Kind kind = Kind::Cat;
  Color primary = Color::Orange, secondary = Color::White, accent = Color::Blue;
  Texture texture = Texture::Plain;
  Accessory accessory = Accessory::None;
  double width = 0, shape = 0;
  int angle = 0;  // 0 to 3, times 45 degrees
  bool operator==(const Identity&) const = default;
};

/// One picture of a thing: a complete description, from which render() always makes the same pixels.
struct Sprite {
  Identity identity;
  Scene scene = Scene::Studio;
  Style style = Style::Photo;
  Size size = Size::Normal;
  Place place = Place::Center;
  double x = 0.5, y = 0.92, scale = 0.74;  // foot point and height of the figure, in shares of the picture's side
  double tilt = 0;                         // degrees
  bool mirrored = false;
  std::uint64_t detail = 0;  // key of the scene's own draws: where the trees stand
  Edition edition = Edition::First;
};

/// A colour in bytes.
struct Rgb {
  std::uint8_t r = 0, g = 0, b = 0;
  bool operator==(const Rgb&) const = default;
};

constexpr Rgb rgb(Color color) {
  constexpr std::array<Rgb, 12> palette{{{214, 38, 44},
                                         {247, 136, 24},
                                         {250, 216, 52},
                                         {52, 160, 66},
                                         {64, 208, 214},
                                         {44, 92, 216},
                                         {134, 60, 188},
                                         {248, 142, 188},
                                         {126, 78, 44},
                                         {247, 246, 242},
                                         {150, 152, 158},
                                         {42, 42, 50}}};
  return palette[static_cast<std::size_t>(color)];
}

/// Can a person tell these two apart in a pattern of two-pixel stripes? Euclidean distance in RGB of more than 105; of
/// more than 125, and none of them gray (the color of sketches), in the second edition.
constexpr bool distinct(Color a, Color b, Edition edition = Edition::First) {
  const Rgb p = rgb(a), q = rgb(b);
  const int r = p.r - q.r, g = p.g - q.g, bl = p.b - q.b, squared = r * r + g * g + bl * bl;
  if (edition == Edition::First) return squared > 105 * 105;
  return squared > 125 * 125 && a != Color::Gray && b != Color::Gray;
}

}  // namespace opad::sprites
