#pragma once
#include <numbers>

#include <opad/core/once.hpp>
#include <opad/core/random.hpp>
#include <opad/data/sprites/accessories.hpp>
#include <opad/data/sprites/figures.hpp>
#include <opad/data/sprites/finish.hpp>
#include <opad/data/sprites/scenes.hpp>

namespace opad::sprites {

namespace rendering {

/// How much smaller a figure is drawn so that what it wears on top fits above it.
constexpr double headroom(Accessory accessory, Edition edition) {
  const bool second = edition == Edition::Second;
  if (second && accessory == Accessory::Star) return 0.86;
  return accessory == Accessory::Hat || accessory == Accessory::Flag ? second ? 0.83 : 0.86
         : accessory == Accessory::Bow                               ? second ? 0.88 : 0.93
                                                                     : 1;
}

/// From the figure's square of 100 x 100, which stands on (50, 97), to samples.
inline Transform placement(const Sprite& sprite, std::int64_t side) {
  const double scale =
      sprite.scale * headroom(sprite.identity.accessory, sprite.edition) * static_cast<double>(side) / 100;
  const double angle = sprite.tilt * std::numbers::pi / 180;
  const double wide = scale * (1 + 0.12 * sprite.identity.width) * (sprite.mirrored ? -1 : 1);
  Transform t{wide * std::cos(angle), -scale * std::sin(angle), 0, wide * std::sin(angle), scale * std::cos(angle), 0};
  const Point foot = t({50, 97});
  t.c = sprite.x * static_cast<double>(side) - foot.x, t.f = sprite.y * static_cast<double>(side) - foot.y;
  return t;
}

inline bool has_ground(Scene scene) { return scene != Scene::Space && scene != Scene::Underwater; }

}  // namespace rendering

/// The picture of a sprite, uint8 [resolution, resolution, 3]. The same on every machine, and the same scene at every
/// resolution. Throws unless 16 <= resolution <= 1024.
OPAD_ONCE Tensor render(const Sprite& sprite, std::int64_t resolution) {
  require(resolution >= 16 && resolution <= 1024, "sprites: resolution ", resolution, "; give 16 to 1024 pixels");
  Canvas canvas(resolution);
  Stream random(hash("sprite/scene"), sprite.detail);
  const double unit = static_cast<double>(canvas.side()) / 100;
  const Transform whole{unit, 0, 0, 0, unit, 0};

  Painter backdrop(canvas, {sprite.style, false, false, sprite.edition}, whole);
  paint_scene(backdrop, sprite.scene, random);
  const double half = 38 * sprite.scale * (1 + 0.12 * sprite.identity.width);
  if (rendering::has_ground(sprite.scene))
    backdrop.glaze(ellipse(100 * sprite.x, 100 * sprite.y, half, 0.16 * half), ink, 90);

  const bool dark = sprite.scene == Scene::Space || sprite.scene == Scene::Night;
  Painter figure(canvas, {sprite.style, true, dark, sprite.edition}, rendering::placement(sprite, canvas.side()));
  const Anchors anchors = paint_figure(figure, sprite.identity);
  paint_accessory(figure, sprite.identity.accessory, rgb(sprite.identity.accent), anchors);

  Painter overlay(canvas, {Style::Photo, false}, whole);
  frame_picture(overlay, sprite.style, random);
  Tensor picture = canvas.reduce();
  develop(picture, sprite.style, sprite.edition);
  return picture;
}

}  // namespace opad::sprites
