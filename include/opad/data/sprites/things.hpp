#pragma once
#include <opad/data/sprites/anatomy.hpp>

namespace opad::sprites {

/// A toy robot; k: large head.
inline Anchors robot(Painter& p, const Colors& c, double k) {
  const double half = 21 + 3 * k;
  p.shape(stroke({{50, 14}, {50, 4}}, 3), metal);
  p.shape(circle(50, 4, 4.5), c.accent);
  for (const double side : {-1., 1.}) {
    p.shape(stroke({{50 + 31 * side, 55}, {50 + 38 * side, 70}}, 9), c.secondary);
    p.shape(circle(50 + 39 * side, 75, 6.5), metal);
    p.shape(rounded(50 + 13 * side - 7, 82, 50 + 13 * side + 7, 97, 3), c.secondary);
    p.shape(rounded(50 + half * side - 4, 24, 50 + half * side + 4, 36, 2), c.accent);
  }
  p.shape(rounded(50 - half, 13, 50 + half, 47, 5), c.primary);
  p.shape(rounded(24, 49, 76, 86, 5), c.body);
  for (const double side : {-1., 1.}) {
    p.shape(circle(50 + 10 * side, 27, 6.5), Rgb{255, 246, 150});
    p.bare(circle(50 + 10 * side, 27, 3), ink);
  }
  p.shape(rounded(39, 37, 61, 43, 2), white);
  for (const double x : {45., 50., 55.}) p.bare(rectangle(x - 0.7, 37, x + 0.7, 43), ink);
  return {{50, 15}, {50, 67}, {50, 27}, 20, {28, 49}, {72, 49}};
}

/// k: tall.
inline Anchors mug(Painter& p, const Colors& c, double k) {
  const double rim = 26 - 6 * k;
  p.shape(stroke(arc(68, 59, 23, 21, -80, 80), 9), c.secondary);
  p.shape(
      smooth({{10, rim}, {40, rim}, {70, rim}, {70, 60}, {69, 84}, {64, 95}, {40, 97}, {16, 95}, {11, 84}, {10, 60}}),
      c.body);
  p.shape(ellipse(40, rim, 31, 8), c.secondary);
  p.shape(ellipse(40, rim + 1, 25, 5.5), Rgb{92, 54, 30});
  p.shape(stroke({{14, 90}, {66, 90}}, 5), c.accent);
  return {{40, rim - 1}, {40, 60}, {40, 52}, 24, {12, 44}, {68, 44}};
}

/// k: long spout.
inline Anchors teapot(Painter& p, const Colors& c, double k) {
  p.shape(stroke(arc(80, 62, 15, 17, -110, 120), 7), c.secondary);
  p.shape(smooth({{30, 62},
                  {18, 56},
                  {12, 42},
                  {3 - 2 * k, 36 - 5 * k},
                  {12 - 2 * k, 31 - 5 * k},
                  {20, 36},
                  {30, 48},
                  {36, 74},
                  {26, 74}}),
          c.secondary);
  p.shape(smooth({{52, 34}, {74, 40}, {86, 60}, {80, 84}, {66, 95}, {38, 95}, {24, 84}, {18, 60}, {30, 40}}), c.body);
  p.shape(rounded(36, 92, 68, 98, 3), c.accent);
  p.shape(smooth({{34, 38}, {40, 28}, {52, 24}, {64, 28}, {70, 38}, {52, 42}}), c.secondary);
  p.shape(circle(52, 20, 5.5), c.accent);
  return {{52, 24}, {52, 68}, {52, 60}, 24, {26, 47}, {78, 47}};
}

/// k: large pocket.
inline Anchors backpack(Painter& p, const Colors& c, double k) {
  p.shape(stroke(arc(50, 16, 11, 11, 180, 360), 5), c.secondary);
  for (const double side : {-1., 1.}) p.shape(rounded(50 + 36 * side - 7, 52, 50 + 36 * side + 7, 88, 6), c.secondary);
  p.shape(smooth({{50, 12}, {70, 16}, {80, 34}, {82, 66}, {80, 92}, {50, 97}, {20, 92}, {18, 66}, {20, 34}, {30, 16}}),
          c.body);
  p.shape(smooth({{50, 12}, {70, 16}, {80, 32}, {79, 44}, {50, 50}, {21, 44}, {20, 32}, {30, 16}}), c.body);
  p.shape(rounded(29, 64 - 4 * k, 71, 92, 7), c.secondary);
  p.bare(stroke({{33, 71 - 4 * k}, {67, 71 - 4 * k}}, 2.4), ink);
  for (const double x : {36., 64.}) p.shape(rounded(x - 3.5, 40, x + 3.5, 57, 2), c.accent);
  return {{50, 14}, {50, 79}, {50, 31}, 24, {21, 56}, {79, 56}};
}

/// An alarm clock; k: large bells.
inline Anchors clock(Painter& p, const Colors& c, double k) {
  for (const double side : {-1., 1.}) {
    p.shape(stroke({{50 + 22 * side, 84}, {50 + 30 * side, 95}}, 7), c.secondary);
    p.shape(ellipse(50 + 24 * side, 20 - k, 15 + 2 * k, 13 + 2 * k), c.secondary);
  }
  p.shape(stroke({{50, 20}, {50, 9}}, 4), metal);
  p.shape(circle(50, 8, 5), c.accent);
  p.shape(circle(50, 57, 38), c.body);
  const double face = p.edition() == Edition::First ? 26 : 20;  // a broad rim shows its texture
  p.shape(circle(50, 57, face), white);
  for (int hour = 0; hour < 12; hour += 3)
    p.bare(stroke({polar({50, 57}, face - 3, face - 3, 30 * hour), polar({50, 57}, face - 7, face - 7, 30 * hour)}, 3),
           ink);
  p.bare(stroke({{50, 57}, {50, face == 26 ? 40. : 43.}}, 4), ink);
  p.bare(stroke({{50, 57}, face == 26 ? Point{63, 63} : Point{61, 62}}, 4), c.accent);
  p.bare(circle(50, 57, 3.5), ink);
  return {{50, 14}, {50, 76}, {50, 52}, 22, {15, 72}, {85, 72}};
}

}  // namespace opad::sprites
