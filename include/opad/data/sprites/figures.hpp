#pragma once
#include <opad/data/sprites/animals.hpp>
#include <opad/data/sprites/things.hpp>
#include <opad/data/sprites/vehicles.hpp>

namespace opad::sprites {

/// Paints the figure of an identity, without its accessory. Figures stand on y = 97 of a square of 100 x 100.
inline Anchors paint_figure(Painter& painter, const Identity& identity) {
  const Colors colors(identity);
  const double k = identity.shape;
  switch (identity.kind) {
    case Kind::Cat:
      return cat(painter, colors, k);
    case Kind::Dog:
      return dog(painter, colors, k);
    case Kind::Duck:
      return duck(painter, colors, k);
    case Kind::Fish:
      return fish(painter, colors, k);
    case Kind::Robot:
      return robot(painter, colors, k);
    case Kind::Car:
      return car(painter, colors, k);
    case Kind::Boat:
      return boat(painter, colors, k);
    case Kind::Rocket:
      return rocket(painter, colors, k);
    case Kind::Mug:
      return mug(painter, colors, k);
    case Kind::Teapot:
      return teapot(painter, colors, k);
    case Kind::Backpack:
      return backpack(painter, colors, k);
    case Kind::Clock:
      return clock(painter, colors, k);
  }
  fail("sprites: no figure for kind ", static_cast<int>(identity.kind));
}

}  // namespace opad::sprites
