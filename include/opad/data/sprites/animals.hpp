#pragma once
#include <opad/data/sprites/anatomy.hpp>

namespace opad::sprites {

/// Sits and looks at us; k: long ears.
inline Anchors cat(Painter& p, const Colors& c, double k) {
  p.shape(stroke(curve({{66, 90}, {86, 91}, {93, 78}, {85, 66}, {89, 56}}), 8), c.secondary);
  if (p.edition() == Edition::First)
    p.shape(smooth({{50, 50}, {68, 60}, {76, 82}, {69, 96}, {50, 97}, {31, 96}, {24, 82}, {32, 60}}), c.body);
  else p.shape(smooth({{50, 48}, {71, 57}, {82, 80}, {76, 96}, {50, 97}, {24, 96}, {18, 80}, {29, 57}}), c.body);
  for (const double side : {-1., 1.}) {
    p.shape(ellipse(50 + 10 * side, 93, 8, 5), c.secondary);
    p.shape({{50 + 25 * side, 34}, {50 + 25 * side, 6 - 4 * k}, {50 + 5 * side, 21}}, c.primary);
    p.bare({{50 + 21 * side, 26}, {50 + 21.5 * side, 13 - 3 * k}, {50 + 11 * side, 21}}, Rgb{244, 150, 166});
  }
  p.shape(smooth({{50, 17}, {70, 23}, {79, 40}, {70, 54}, {50, 60}, {30, 54}, {21, 40}, {30, 23}}), c.primary);
  p.shape(stroke(curve({{34, 59}, {50, 63}, {66, 59}}), 5), c.accent);
  for (const double side : {-1., 1.}) {
    p.shape(ellipse(50 + 12 * side, 36, 6, 7), Rgb{206, 238, 110});
    p.bare(ellipse(50 + 12 * side, 36, 2.4, 6.4), ink);
    p.bare(stroke({{50 + 15 * side, 49}, {50 + 33 * side, 46}}, 1.4), c.primary == rgb(Color::Black) ? white : ink);
    p.bare(stroke({{50 + 15 * side, 52}, {50 + 32 * side, 55}}, 1.4), c.primary == rgb(Color::Black) ? white : ink);
  }
  p.bare(ellipse(45.5, 50, 6, 5), white), p.bare(ellipse(54.5, 50, 6, 5), white);
  p.shape({{46, 44}, {54, 44}, {50, 49}}, Rgb{238, 120, 140});
  return {{50, 20}, {50, 77}, {50, 36}, 24, {33, 60}, {67, 60}};
}

/// Stands, seen from the side; k: long ears.
inline Anchors dog(Painter& p, const Colors& c, double k) {
  p.shape(stroke(curve({{84, 62}, {93, 54}, {94, 40}}), 8), c.primary);
  for (const double x : {42., 84.}) p.shape(rounded(x - 6, 70, x + 5, 95, 4), shade(c.primary, 190));
  p.shape(smooth({{36, 54}, {60, 52}, {84, 53}, {93, 64}, {90, 80}, {62, 82}, {38, 82}, {30, 68}}), c.body);
  for (const double x : {35., 77.}) p.shape(rounded(x - 6, 70, x + 6, 97, 5), c.primary);
  p.shape(smooth({{33, 14}, {49, 20}, {54, 36}, {48, 52}, {32, 56}, {18, 50}, {14, 36}, {19, 20}}), c.primary);
  p.shape(smooth({{22, 36}, {34, 40}, {33, 52}, {18, 56}, {5, 52}, {4, 42}, {12, 37}}), white);
  p.shape(ellipse(7, 40, 5.5, 4.5), ink);
  p.bare(stroke(curve({{9, 50}, {17, 52}, {26, 48}}), 1.6), ink);
  eye(p, 26, 29, 5.5);
  p.shape(smooth({{40, 15}, {52, 18}, {60, 34}, {59, 50 + 6 * k}, {52, 57 + 6 * k}, {46, 48}, {42, 32}}), c.secondary);
  p.shape(stroke({{34, 57}, {52, 57}}, 5), c.accent);
  return {{33, 17}, {64, 67}, {24, 29}, 17, {32, 58}, {56, 58}};
}

/// A swimming-bath duck, seen from the side; k: high tail.
inline Anchors duck(Painter& p, const Colors& c, double k) {
  p.shape(smooth({{24, 62},
                  {44, 56},
                  {66, 60},
                  {82, 52 - 4 * k},
                  {95, 44 - 6 * k},
                  {93, 70},
                  {80, 90},
                  {54, 97},
                  {28, 92},
                  {15, 76}}),
          c.body);
  p.shape(smooth({{36, 10}, {52, 16}, {57, 33}, {48, 52}, {32, 58}, {19, 48}, {15, 32}, {21, 16}}), c.primary);
  p.shape(smooth({{20, 31}, {12, 33}, {2, 32}, {1, 39}, {9, 45}, {20, 44}}), bill);
  p.bare(stroke({{4, 38}, {18, 38}}, 1.5), ink);
  eye(p, 29, 28, 5.5);
  if (p.edition() == Edition::First) {
    p.shape(smooth({{48, 68}, {62, 65}, {84, 66}, {78, 80}, {60, 85}, {48, 79}}), c.secondary);
    p.bare(stroke(curve({{58, 76}, {66, 77}, {74, 74}}), 2), c.accent);
  } else {  // small, so that the texture is seen
    p.shape(smooth({{64, 70}, {76, 65}, {91, 62}, {88, 74}, {76, 79}, {66, 77}}), c.secondary);
    p.shape(stroke(curve({{22, 55}, {36, 60}, {52, 55}}), 4), c.accent);
  }
  return {{36, 12}, {34, 77}, {27, 28}, 16, {19, 55}, {53, 55}};
}

/// Seen from the side; k: large tail.
inline Anchors fish(Painter& p, const Colors& c, double k) {
  p.shape(smooth({{74, 56}, {88, 38 - 6 * k}, {98, 30 - 6 * k}, {94, 56}, {98, 82 + 6 * k}, {88, 74 + 6 * k}}),
          c.secondary);
  p.shape(smooth({{32, 34}, {44, 14}, {66, 17}, {68, 36}}), c.secondary);
  p.shape(smooth({{44, 78}, {50, 92}, {62, 92}, {60, 76}}), c.secondary);
  p.shape(smooth({{4, 58}, {16, 40}, {38, 28}, {62, 36}, {80, 54}, {80, 60}, {62, 76}, {38, 86}, {16, 74}}), c.body);
  p.shape(smooth({{4, 58}, {15, 41}, {30, 32}, {35, 45}, {35, 69}, {30, 82}, {15, 73}}), c.primary);
  if (p.edition() == Edition::First) p.shape(smooth({{44, 56}, {58, 52}, {62, 62}, {54, 70}, {46, 66}}), c.accent);
  else p.shape(smooth({{45, 58}, {56, 54}, {60, 61}, {54, 67}, {47, 65}}), c.accent);
  eye(p, 20, 49, 7);
  p.bare(stroke(curve({{5, 63}, {11, 66}, {17, 64}}), 2), ink);
  return {{36, 32}, {54, 58}, {20, 49}, 17, {35, 34}, {35, 81}};
}

}  // namespace opad::sprites
