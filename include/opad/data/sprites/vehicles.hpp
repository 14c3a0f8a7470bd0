#pragma once
#include <opad/data/sprites/anatomy.hpp>

namespace opad::sprites {

inline void wheel(Painter& p, double x, double y, double r, Rgb hub) {
  p.shape(circle(x, y, r), rubber);
  p.bare(circle(x, y, 0.5 * r), hub);
}

/// A small car, seen from the side, driving to the left; k: high cabin.
inline Anchors car(Painter& p, const Colors& c, double k) {
  const double roof = 33 - 5 * k;
  p.shape(smooth({{20, 58}, {27, 44}, {36, roof + 1}, {56, roof - 1}, {70, roof + 1}, {80, 44}, {87, 58}, {54, 64}}),
          c.secondary);
  p.shape({{30, 56}, {38, roof + 8}, {50, roof + 7}, {50, 56}}, glass);
  p.shape({{56, 56}, {56, roof + 7}, {67, roof + 8}, {76, 56}}, glass);
  p.shape(smooth({{3, 76}, {6, 62}, {20, 56}, {54, 55}, {86, 56}, {96, 63}, {98, 78}, {94, 86}, {50, 87}, {6, 86}}),
          c.body);
  p.shape(rounded(1, 78, 99, 86, 4), c.accent);
  wheel(p, 24, 84, 13, c.secondary), wheel(p, 77, 84, 13, c.secondary);
  p.shape(ellipse(7, 68, 4, 5), Rgb{255, 240, 150});
  return {{54, roof + 1}, {52, 70}, {46, roof + 16}, 25, {26, 57}, {82, 57}};
}

/// A sailing boat; k: tall mast.
inline Anchors boat(Painter& p, const Colors& c, double k) {
  const double mast = 12 - 6 * k;
  p.shape(stroke({{52, 74}, {52, mast}}, 4), Rgb{120, 78, 46});
  p.shape(smooth({{56, mast + 4}, {72, 32}, {84, 64}, {72, 67}, {56, 66}}), c.body);
  p.shape({{47, mast + 10}, {47, 66}, {16, 66}}, c.secondary);
  p.shape({{52, mast - 6}, {52, mast + 4}, {34, mast - 1}}, c.accent);
  p.shape(smooth({{6, 74}, {30, 76}, {52, 76}, {76, 76}, {96, 73}, {88, 90}, {76, 97}, {28, 97}, {14, 90}}), c.body);
  p.bare(stroke(curve({{12, 81}, {50, 83}, {90, 81}}), 4), c.secondary);
  return {{52, mast + 2}, {66, 52}, {66, 46}, 19, {8, 76}, {93, 76}};
}

/// The rocket of the second edition: a body with room for its texture.
inline Anchors wide_rocket(Painter& p, const Colors& c, double nose) {
  p.shape(smooth({{40, 82}, {50, 80}, {60, 82}, {59, 91}, {50, 101}, {41, 91}}), Rgb{255, 176, 40});
  p.bare(ellipse(50, 88, 5, 8), Rgb{255, 240, 140});
  for (const double side : {-1., 1.})
    p.shape({{50 + 22 * side, 52}, {50 + 42 * side, 74}, {50 + 43 * side, 95}, {50 + 18 * side, 82}}, c.secondary);
  p.shape(smooth({{50, nose},
                  {64, nose + 15},
                  {75, 44},
                  {75, 64},
                  {66, 83},
                  {50, 85},
                  {34, 83},
                  {25, 64},
                  {25, 44},
                  {36, nose + 15}}),
          c.body);
  p.shape(smooth({{50, nose}, {59, nose + 8}, {69, nose + 24}, {50, nose + 28}, {31, nose + 24}, {41, nose + 8}}),
          c.secondary);
  p.shape(circle(50, 44, 10), c.accent);
  p.shape(circle(50, 44, 6), glass);
  return {{50, nose + 4}, {50, 70}, {50, 44}, 20, {27, 67}, {73, 67}};
}

/// Ready to start; k: long body.
inline Anchors rocket(Painter& p, const Colors& c, double k) {
  const double nose = 8 - 6 * k;
  if (p.edition() == Edition::Second) return wide_rocket(p, c, nose);
  p.shape(smooth({{42, 82}, {50, 80}, {58, 82}, {57, 90}, {50, 101}, {43, 90}}), Rgb{255, 176, 40});
  p.bare(ellipse(50, 87, 4, 7), Rgb{255, 240, 140});
  for (const double side : {-1., 1.})
    p.shape({{50 + 16 * side, 54}, {50 + 34 * side, 74}, {50 + 35 * side, 94}, {50 + 15 * side, 80}}, c.secondary);
  p.shape(smooth({{50, nose},
                  {62, nose + 16},
                  {70, 44},
                  {69, 64},
                  {62, 83},
                  {50, 84},
                  {38, 83},
                  {31, 64},
                  {30, 44},
                  {38, nose + 16}}),
          c.body);
  p.shape(smooth({{50, nose}, {57, nose + 8}, {65, nose + 25}, {50, nose + 28}, {35, nose + 25}, {43, nose + 8}}),
          c.secondary);
  p.shape(circle(50, 48, 11), c.accent);
  p.shape(circle(50, 48, 7), glass);
  return {{50, nose + 4}, {50, 70}, {50, 48}, 20, {32, 65}, {68, 65}};
}

}  // namespace opad::sprites
