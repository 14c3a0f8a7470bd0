#pragma once
#include <opad/data/sprites/painter.hpp>

namespace opad::sprites {

/// The paints of a figure. `body` carries the texture: primary with a pattern of secondary.
struct Colors {
  explicit Colors(const Identity& identity)
      : body(rgb(identity.primary), rgb(identity.secondary), identity.texture, identity.angle),
        primary(rgb(identity.primary)),
        secondary(rgb(identity.secondary)),
        accent(rgb(identity.accent)) {}
  Paint body;
  Rgb primary, secondary, accent;
};

/// Where a figure wears things, in its own units.
struct Anchors {
  Point top;                    // foot of a hat, a bow, a flag
  Point front;                  // center of a badge
  Point eyes;                   // middle between the lenses of glasses
  double eye_distance = 20;     // between the lenses' centers
  Point neck_left, neck_right;  // ends of a scarf's band
};

inline constexpr Rgb white{252, 252, 250}, glass{178, 222, 242}, rubber{40, 40, 46}, metal{206, 210, 218},
    bill{250, 160, 36};

/// A round eye that looks to the left.
inline void eye(Painter& p, double x, double y, double r) {
  p.shape(circle(x, y, r), white);
  p.bare(circle(x - 0.15 * r, y, 0.68 * r), ink);
  p.bare(circle(x - 0.4 * r, y - 0.3 * r, 0.25 * r), white);
}

}  // namespace opad::sprites
