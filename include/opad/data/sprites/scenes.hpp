#pragma once
#include <opad/core/random.hpp>
#include <opad/data/sprites/painter.hpp>

namespace opad::sprites {

/// The place behind a figure, 100 x 100. Each scene draws where its things stand from `random`, at most once in the
/// arguments of a call: their order of evaluation is the compiler's.
namespace scenery {

inline double between(Stream& random, double low, double high) { return low + (high - low) * random.uniform(); }

/// How many loose things, or how large: fewer and larger ones in the second edition.
template <class T>
T loose(const Painter& p, T first, T second) {
  return p.edition() == Edition::First ? first : second;
}

inline Point anywhere(Stream& random, double left, double top, double right, double bottom) {
  return {between(random, left, right), between(random, top, bottom)};  // in this order: braces
}

/// An x away from the middle, where the figure mostly is.
inline double beside(Stream& random) {
  const double distance = between(random, 28, 46);
  return random.bernoulli(0.5) ? 50 - distance : 50 + distance;
}

/// The ground below a gently waving horizon.
inline Path ground(Stream& random, double horizon, double waves) {
  Path path{{-30, 130}, {-20, horizon}};
  for (const double x : {20., 50., 80.}) path.push_back({x, horizon + between(random, -waves, waves)});
  path.insert(path.end(), {{120, horizon}, {130, 130}});
  return smooth(path);
}

inline void sky(Painter& p, Rgb top, Rgb bottom) { p.gradient(rectangle(-1, -1, 101, 101), top, bottom); }

inline void cloud(Painter& p, Point center, double r) {
  const auto [x, y] = center;
  p.bare(ellipse(x, y, 1.9 * r, 0.7 * r), white);
  p.bare(circle(x - 0.6 * r, y - 0.4 * r, 0.8 * r), white), p.bare(circle(x + 0.5 * r, y - 0.5 * r, r), white);
}

inline void fir(Painter& p, Point at, double height, Rgb needles, Rgb tips) {
  const auto [x, foot] = at;
  p.shape(rectangle(x - 0.05 * height, foot - 0.2 * height, x + 0.05 * height, foot), Rgb{96, 64, 42});
  for (const double level : {0.15, 0.42, 0.68}) {
    const double half = 0.3 * (1.15 - level) * height, low = foot - level * height,
                 high = foot - (level + 0.36) * height;
    p.shape({{x - half, low}, {x, high}, {x + half, low}}, needles);
    p.bare({{x - 0.45 * half, high + 0.5 * (low - high)}, {x, high}, {x + 0.45 * half, high + 0.5 * (low - high)}},
           tips);
  }
}

inline void meadow(Painter& p, Stream& random) {
  sky(p, {104, 178, 244}, {206, 234, 252});
  cloud(p, anywhere(random, 12, 10, 42, 20), 7), cloud(p, anywhere(random, 58, 12, 90, 26), 6);
  p.shape(ground(random, between(random, 50, 58), 5), Rgb{132, 200, 92});
  p.shape(ground(random, between(random, 62, 70), 4), Rgb{96, 178, 70});
  for (int i = 0; i < loose(p, 16, 7); ++i) {
    const Point at = anywhere(random, 2, 70, 98, 98);
    constexpr Rgb petals[] = {{250, 250, 250}, {252, 222, 70}, {238, 92, 104}};
    p.bare(circle(at, loose(p, 1.9, 2.8)), petals[random.integer(0, 3)]);
  }
}

inline void beach(Painter& p, Stream& random) {
  sky(p, {112, 196, 250}, {200, 236, 252});
  p.shape(circle(between(random, 14, 86), 14, 7), Rgb{255, 238, 130});
  const double sea = between(random, 40, 46), shore = sea + between(random, 16, 20);
  p.gradient(rectangle(-1, sea, 101, 101), {24, 108, 190}, {60, 190, 220});
  p.shape(ground(random, shore, 2), Rgb{250, 252, 252});
  p.shape(ground(random, shore + 4, 2), Rgb{242, 216, 152});
  const double side = random.bernoulli(0.5) ? 1 : -1, x = 50 + 40 * side, top = between(random, 22, 28);
  p.shape(stroke(curve({{x + 4 * side, shore + 16}, {x + side, 46}, {x - 3 * side, top}}), 4), Rgb{142, 98, 58});
  for (const double angle : {-170., -125., -60., -10., 35., 145.}) {
    const Point tip = polar({x - 3 * side, top}, 17, 14, angle), lift = polar({x - 3 * side, top - 5}, 9, 9, angle);
    p.shape(stroke(curve({{x - 3 * side, top}, lift, tip}), 4.5), Rgb{52, 146, 66});
  }
}

inline void forest(Painter& p, Stream& random) {
  sky(p, {120, 168, 122}, {52, 104, 62});
  for (int i = 0; i < 6; ++i) {
    const double x = 18 * i + between(random, -3, 12), height = between(random, 50, 64);
    fir(p, {x, 68}, height, {46, 104, 64}, {60, 122, 74});
  }
  p.shape(ground(random, 66, 2), Rgb{70, 98, 44});
  const double side = random.bernoulli(0.5) ? 1 : -1;
  const double foot = between(random, 76, 84), height = between(random, 72, 84);
  fir(p, {50 + 38 * side, foot}, height, {26, 84, 46}, {40, 104, 58});
  const double foot2 = between(random, 76, 84), height2 = between(random, 62, 76);
  fir(p, {50 - 42 * side, foot2}, height2, {30, 90, 50}, {44, 110, 62});
  for (int i = 0; i < loose(p, 8, 4); ++i) {
    const auto [x, y] = anywhere(random, 0, 74, 100, 98);
    p.bare(ellipse(x, y, loose(p, 3., 5.), loose(p, 1.2, 2.)), Rgb{96, 122, 54});
  }
}

inline void cactus(Painter& p, double x, double foot, double height) {
  constexpr Rgb green{58, 140, 74};
  const auto arm = [&](double side, double low, double high) {
    const double out = x + side * 0.3 * height;
    const Path line =
        curve({{x, foot - low * height}, {out, foot - (low + 0.02) * height}, {out, foot - high * height}});
    p.shape(stroke(line, 0.13 * height), green);
  };
  p.shape(stroke({{x, foot}, {x, foot - height}}, 0.2 * height), green);
  arm(-1, 0.4, 0.75), arm(1, 0.3, 0.6);
  p.bare(stroke({{x, foot}, {x, foot - height}}, 0.12 * height), green);
}

inline void desert(Painter& p, Stream& random) {
  sky(p, {250, 176, 92}, {255, 232, 176});
  p.shape(circle(anywhere(random, 16, 14, 84, 22), 8), Rgb{255, 248, 214});
  p.shape(ground(random, between(random, 46, 54), 7), Rgb{240, 186, 104});
  p.shape(ground(random, between(random, 62, 68), 5), Rgb{226, 160, 80});
  const double x = beside(random), foot = between(random, 70, 78);
  cactus(p, x, foot, between(random, 34, 42));
}

inline void snow(Painter& p, Stream& random) {
  sky(p, {150, 176, 212}, {214, 226, 240});
  p.shape(ground(random, between(random, 48, 54), 5), Rgb{222, 232, 246});
  for (const double x : {between(random, 4, 20), between(random, 80, 96), beside(random)})
    fir(p, {x, 62}, between(random, 34, 44), {66, 108, 100}, {250, 252, 255});
  p.shape(ground(random, between(random, 60, 66), 3), Rgb{246, 250, 255});
  for (int i = 0; i < loose(p, 30, 12); ++i) p.bare(circle(anywhere(random, 0, 0, 100, 98), loose(p, 1.5, 2.3)), white);
}

inline void city(Painter& p, Stream& random) {
  sky(p, {160, 186, 216}, {226, 226, 226});
  for (double x = -2; x < 100;) {
    const double width = between(random, 14, 22), top = between(random, 10, 40);
    constexpr Rgb walls[] = {{96, 112, 142}, {134, 118, 128}, {112, 132, 140}, {150, 136, 122}};
    p.shape(rectangle(x, top, x + width, 76), walls[random.integer(0, 4)]);
    if (p.edition() == Edition::First) {
      for (double y = top + 4; y < 68; y += 9)
        for (double w = x + 2.5; w + 3.5 < x + width; w += 6)
          p.bare(rectangle(w, y, w + 3.4, y + 5), random.bernoulli(0.7) ? Rgb{250, 230, 150} : Rgb{72, 84, 110});
    } else {  // two columns of large windows, all lit
      for (double y = top + 5; y < 66; y += 12)
        for (const double w : {x + 0.12 * width, x + 0.57 * width})
          p.bare(rectangle(w, y, w + 0.31 * width, y + 7), Rgb{250, 230, 150});
    }
    x += width + 1;
  }
  p.shape(rectangle(-2, 72, 102, 78), Rgb{190, 188, 184});
  p.shape(rectangle(-2, 78, 102, 102), Rgb{92, 94, 102});
  for (double x = between(random, -12, 4); x < 100; x += 24) p.bare(rectangle(x, 88, x + 13, 91), Rgb{244, 244, 236});
}

inline void space(Painter& p, Stream& random) {
  sky(p, {14, 10, 34}, {34, 18, 66});
  for (int i = 0; i < loose(p, 34, 14); ++i)
    p.bare(circle(anywhere(random, 0, 0, 100, 100), loose(p, i % 4 == 0 ? 1.3 : 0.8, 1.6)), white);
  const double x = beside(random), y = between(random, 16, 26), x2 = 100 - x;
  p.shape(circle(x, y, 11), Rgb{226, 152, 92});
  p.bare(stroke({{x - 9, y - 3}, {x + 9, y - 5}}, 2.4), Rgb{246, 196, 140});
  p.shape(stroke(arc(x, y, 18, 5, -12, 192), 2.4), Rgb{236, 216, 180});
  const double y2 = between(random, 66, 88);
  p.shape(circle(x2, y2, 7), Rgb{92, 154, 214}), p.bare(circle(x2 + 2, y2 - 2, 3), Rgb{120, 196, 130});
}

inline void underwater(Painter& p, Stream& random) {
  sky(p, {70, 190, 224}, {10, 66, 138});
  for (int i = 0; i < 3; ++i) {
    const double x = 8 + 32 * i + between(random, 0, 20);
    p.glaze({{x, -1}, {x + 9, -1}, {x - 3, 84}, {x - 22, 84}}, white, 34);
  }
  p.shape(ground(random, between(random, 82, 86), 3), Rgb{206, 190, 132});
  for (int i = 0; i < 4; ++i) {
    const double x = (i % 2 == 0 ? 3 : 83) + between(random, 0, 14), top = between(random, 42, 64);
    const double foot = between(random, 88, 94), third = (foot - top) / 3;
    p.shape(stroke(curve({{x, foot}, {x + 3, foot - third}, {x - 3, foot - 2 * third}, {x + 2, top}}), 3.4),
            i < 2 ? Rgb{30, 140, 84} : Rgb{48, 166, 96});
  }
  for (int i = 0; i < loose(p, 9, 5); ++i) {
    const double x = between(random, 4, 96), y = between(random, 6, 70);
    const double r = between(random, loose(p, 1.6, 2.6), loose(p, 3.4, 3.6));
    p.bare(circle(x, y, r), Rgb{216, 244, 252}), p.bare(circle(x, y, 0.6 * r), Rgb{70, 160, 208});
  }
}

inline void night(Painter& p, Stream& random) {
  constexpr Rgb top{10, 14, 48};
  sky(p, top, {52, 58, 112});
  for (int i = 0; i < loose(p, 18, 9); ++i)
    p.bare(circle(anywhere(random, 0, 0, 100, 52), loose(p, 1., 1.5)), Rgb{255, 250, 214});
  const double x = beside(random), y = between(random, 15, 20);
  p.shape(circle(x, y, 9.5), Rgb{255, 244, 190}), p.bare(circle(x + 5, y - 3, 8.5), mix(top, {52, 58, 112}, 40));
  p.shape(ground(random, between(random, 54, 60), 6), Rgb{30, 44, 70});
  p.shape(ground(random, between(random, 68, 72), 3), Rgb{22, 34, 52});
  const double house = 100 - x;
  constexpr Rgb dark{16, 22, 40};
  p.shape(rectangle(house - 7, 52, house + 7, 64), dark),
      p.shape({{house - 9, 52}, {house, 43}, {house + 9, 52}}, dark);
  p.bare(rectangle(house - 3, 54, house + 3, 60), Rgb{255, 214, 96});
}

inline void kitchen(Painter& p, Stream& random) {
  sky(p, {246, 240, 222}, {236, 228, 206});
  const double tile = loose(p, 12., 16.), joint = loose(p, 0.9, 1.5);
  for (double y = 6; y < 64; y += tile) p.bare(rectangle(-1, y, 101, y + joint), Rgb{204, 194, 172});
  for (double x = between(random, 0, tile); x < 100; x += tile)
    p.bare(rectangle(x, -1, x + joint, 64), Rgb{204, 194, 172});
  const double side = random.bernoulli(0.5) ? 1 : -1, window = 50 - 30 * side, rail = 50 + 30 * side;
  p.shape(rectangle(window - 16, 6, window + 16, 40), Rgb{150, 98, 58});
  for (const double pane : {window - 13, window + 1}) p.bare(rectangle(pane, 9, pane + 12, 37), Rgb{168, 218, 246});
  constexpr Rgb iron{110, 110, 116}, steel{180, 182, 188};
  p.shape(rectangle(rail - 18, 8, rail + 18, 10), iron);
  p.shape(stroke({{rail - 10, 10}, {rail - 10, 22}}, 1.6), iron), p.shape(circle(rail - 10, 28, 8), Rgb{74, 78, 88});
  p.shape(stroke({{rail + 8, 10}, {rail + 8, 28}}, 2), steel), p.shape(ellipse(rail + 8, 32, 4, 6), steel);
  p.shape(rectangle(-2, 64, 102, 70), Rgb{206, 150, 92});
  p.shape(rectangle(-2, 70, 102, 102), Rgb{176, 120, 70});
  for (const double x : {16., 50., 84.}) p.bare(rectangle(x - joint / 1.5, 70, x + joint / 1.5, 101), Rgb{128, 82, 46});
}

inline void wall(Painter& p, Stream& random) {
  sky(p, {214, 200, 188}, {204, 190, 178});
  const double shift = between(random, 0, 20);
  if (p.edition() == Edition::First) {
    for (int row = 0; row < 9; ++row)
      for (double x = shift - 42 + (row % 2) * 10; x < 100; x += 20) {
        const int tint = static_cast<int>(random.integer(218, 284));
        p.shape(rectangle(x, 9 * row - 1, x + 18.6, 9 * row + 6.6), shade(Rgb{178, 82, 64}, tint));
      }
  } else {  // large bricks of one color
    for (int row = 0; row < 7; ++row)
      for (double x = shift - 56 + (row % 2) * 13; x < 100; x += 26)
        p.shape(rectangle(x, 11.5 * row - 1, x + 23.8, 11.5 * row + 8.3), Rgb{178, 82, 64});
  }
  p.shape(rectangle(-2, 79, 102, 102), Rgb{170, 168, 164});
  for (double x = between(random, -10, 10); x < 110; x += 28)
    p.bare({{x, 79}, {x + 1.2, 79}, {x - 5, 101}, {x - 7, 101}}, Rgb{136, 134, 130});
}

inline void studio(Painter& p, Stream& random) {
  constexpr Rgb walls[] = {{238, 232, 222}, {216, 224, 234}, {244, 226, 216}, {222, 234, 220}};
  const Rgb color = walls[random.integer(0, 4)];
  sky(p, color, color);
  p.gradient(rectangle(-1, 70, 101, 101), shade(color, 240), shade(color, 214));
}

}  // namespace scenery

inline void paint_scene(Painter& painter, Scene scene, Stream& random) {
  using namespace scenery;
  switch (scene) {
    case Scene::Meadow:
      return meadow(painter, random);
    case Scene::Beach:
      return beach(painter, random);
    case Scene::Forest:
      return forest(painter, random);
    case Scene::Desert:
      return desert(painter, random);
    case Scene::Snow:
      return snow(painter, random);
    case Scene::City:
      return city(painter, random);
    case Scene::Space:
      return space(painter, random);
    case Scene::Underwater:
      return underwater(painter, random);
    case Scene::Night:
      return night(painter, random);
    case Scene::Kitchen:
      return kitchen(painter, random);
    case Scene::Wall:
      return wall(painter, random);
    case Scene::Studio:
      return studio(painter, random);
  }
}

}  // namespace opad::sprites
