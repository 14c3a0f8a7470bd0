#pragma once
#include <opad/data/sprites/anatomy.hpp>

namespace opad::sprites {

/// Paints what a figure wears, at its anchors, in its accent color.
inline void paint_accessory(Painter& p, Accessory accessory, Rgb color, const Anchors& at) {
  const auto [x, y] = at.top;
  const bool second = p.edition() == Edition::Second;
  const auto larger = [&](Path path) {  // about its foot, in the second edition
    for (Point& q : path) q = second ? Point{x, y} + 1.25 * (q - Point{x, y}) : q;
    return path;
  };
  switch (accessory) {
    case Accessory::None:
      return;
    case Accessory::Hat:
      p.shape(larger(smooth({{x - 12, y - 22},
                             {x, y - 23},
                             {x + 12, y - 22},
                             {x + 11, y - 8},
                             {x + 10, y + 2},
                             {x - 10, y + 2},
                             {x - 11, y - 8}})),
              color);
      p.bare(larger(stroke({{x - 10, y - 4}, {x + 10, y - 4}}, 4)), color == rgb(Color::Black) ? white : ink);
      p.shape(larger(stroke({{x - 19, y + 1}, {x + 19, y + 1}}, 5)), color);
      return;
    case Accessory::Bow:
      for (const double w : {-12., 12.})
        p.shape(
            larger(smooth({{x, y - 7}, {x + w, y - 18}, {x + 1.7 * w, y - 16}, {x + 1.7 * w, y + 2}, {x + w, y + 4}})),
            color);
      p.shape(larger(rounded(x - 5, y - 13, x + 5, y - 1, 3)), color);
      return;
    case Accessory::Flag:
      p.shape(larger(stroke({{x + 4, y + 4}, {x + 4, y - 26}}, 3)), metal);
      p.shape(larger(smooth({{x + 5, y - 27},
                             {x + 14, y - 24},
                             {x + 22, y - 28},
                             {x + 30, y - 25},
                             {x + 30, y - 10},
                             {x + 22, y - 12},
                             {x + 14, y - 8},
                             {x + 5, y - 11}})),
              color);
      return;
    case Accessory::Star:
      // on top in the second edition, where it hides no texture
      p.shape(second ? star(x, y - 12, 19) : star(at.front.x, at.front.y, 14), color);
      return;
    case Accessory::Scarf: {
      const Point l = at.neck_left, r = at.neck_right;
      const Point middle = 0.5 * (l + r) + Point{0, 5}, knot = 0.3 * l + 0.7 * r + Point{0, 4};
      p.shape({knot + Point{-6, 0}, knot + Point{6, 0}, knot + Point{10, 23}, knot + Point{-4, 24}}, color);
      p.shape(stroke(curve({l, middle, r}), second ? 11 : 9), color);
      return;
    }
    case Accessory::Glasses: {
      const double half = at.eye_distance / 2, r = std::min(10., half - 1);
      p.shape(stroke({at.eyes - Point{half, 2}, at.eyes + Point{half, -2}}, 3), color);
      for (const double side : {-1., 1.}) {
        p.shape(circle(at.eyes.x + side * half, at.eyes.y, r), color);
        p.bare(circle(at.eyes.x + side * half, at.eyes.y, 0.66 * r), Rgb{36, 44, 78});
        p.bare(circle(at.eyes.x + side * half - 0.2 * r, at.eyes.y - 0.2 * r, 0.22 * r), white);
      }
      return;
    }
  }
}

}  // namespace opad::sprites
