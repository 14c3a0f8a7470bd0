#pragma once
#include <cmath>

#include <opad/data/sprites/canvas.hpp>

namespace opad::sprites {

inline constexpr Rgb ink{28, 24, 32}, paper{252, 249, 240};

/// The colors of a part: one, or two in a texture.
struct Paint {
  Paint(Rgb flat) : base(flat), pattern(flat) {}
  Paint(Rgb base, Rgb pattern, Texture texture, int angle)
      : base(base),
        pattern(pattern),
        texture(texture),
        angle(angle) {}
  Rgb base, pattern;
  Texture texture = Texture::Plain;
  int angle = 0;  // times 45 degrees
};

/// How a style paints a part of the figure or of the scene behind it: what becomes of its color, the line around it
/// (its width in shares of the picture's side, 0 for none), and how much lighter its upper edge is than its middle (in
/// 1/256).
struct Tone {
  Style style;
  bool figure;
  bool dark = false;  // a dark scene: a light line keeps a dark figure apart from it
  Edition edition = Edition::First;
  bool second() const { return edition == Edition::Second; }

  Rgb fill(Rgb color) const {
    const int grey = luminance(color);
    switch (style) {
      case Style::Photo:
        return color;
      case Style::Sketch:
        if (figure && second()) return mix(paper, color, 140);  // colored pencils
        return mix(paper, gray(grey), figure ? 150 : 70);
      case Style::Watercolor:
        return mix(color, paper, figure ? 30 : 110);
      case Style::Poster:
        return vivid(color, grey);
      case Style::Neon:
        return figure ? shade(glowing(color), second() ? 130 : 78) : mix(Rgb{14, 8, 34}, color, 52);
    }
    return color;
  }
  Rgb line(Rgb color) const {
    switch (style) {
      case Style::Photo:
        return dark ? Rgb{132, 136, 168} : ink;
      case Style::Sketch:
        return figure ? Rgb{52, 50, 58} : Rgb{150, 148, 152};
      case Style::Watercolor:
        return mix(shade(color, 130), paper, 40);
      case Style::Poster:
        return dark ? Rgb{238, 230, 206} : Rgb{12, 10, 16};
      case Style::Neon:
        return figure ? glowing(color) : mix(Rgb{14, 8, 34}, color, 120);
    }
    return ink;
  }
  double line_width() const {
    switch (style) {
      case Style::Photo:
        return figure ? 0.018 : 0;
      case Style::Sketch:
        return figure ? 0.021 : 0.011;
      case Style::Watercolor:
        return figure ? 0.014 : 0;
      case Style::Poster:
        return figure ? 0.03 : 0;
      case Style::Neon:
        return figure ? 0.022 : 0.008;
    }
    return 0;
  }
  int light() const { return style == Style::Photo && figure ? 36 : 0; }

 private:
  static constexpr int luminance(Rgb c) { return (77 * c.r + 150 * c.g + 29 * c.b + 128) >> 8; }
  static constexpr Rgb gray(int value) {
    const auto v = static_cast<std::uint8_t>(value);
    return {v, v, v};
  }
  /// Half as far again from the grey of the same luminance.
  static constexpr Rgb vivid(Rgb color, int grey) {
    const auto channel = [grey](int v) {
      return static_cast<std::uint8_t>(std::clamp(grey + (v - grey) * 3 / 2, 0, 255));
    };
    return {channel(color.r), channel(color.g), channel(color.b)};
  }
  /// A color that can shine: as it is, with its brightest channel at 255; dark greys become violet.
  static constexpr Rgb glowing(Rgb color) {
    const int brightest = std::max({color.r, color.g, color.b});
    return brightest < 80 ? Rgb{120, 96, 160} : shade(color, 255 * 256 / brightest);
  }
};

/// Paints parts on a canvas in a style. Paths are in the painter's own units: 100 x 100 is the figure, or the whole
/// scene.
class Painter {
 public:
  Painter(Canvas& canvas, Tone tone, const Transform& to_canvas)
      : canvas_(canvas),
        tone_(tone),
        to_canvas_(to_canvas) {}

  Edition edition() const { return tone_.edition; }

  /// A part with its line around it.
  void shape(const Path& path, const Paint& paint) {
    const double width = tone_.line_width() * static_cast<double>(canvas_.side());
    if (width > 0) flat(grow(to_canvas_(path), width), tone_.line(paint.base));
    bare(path, paint);
  }
  /// A part without a line.
  void bare(const Path& path, const Paint& paint) {
    const Path polygon = to_canvas_(path);
    const Rgb base = tone_.fill(paint.base), pattern = tone_.fill(paint.pattern);
    const Pattern at(paint, to_canvas_, tone_.edition);
    canvas_.fill(polygon, [&](std::int64_t row) {
      const int light = light_at(row);
      const Rgb colors[2] = {shade(base, light), shade(pattern, light)};
      return [colors, &at, row](std::int64_t x, Rgb) { return colors[at(x, row)]; };
    });
  }
  /// A translucent part: share/256 of its color.
  void glaze(const Path& path, Rgb color, int share) {
    const Rgb tint = tone_.fill(color);
    canvas_.fill(to_canvas_(path),
                 [&](std::int64_t) { return [=](std::int64_t, Rgb below) { return mix(below, tint, share); }; });
  }
  /// A part whose color changes from its highest row to its lowest.
  void gradient(const Path& path, Rgb top, Rgb bottom) {
    const Rgb from = tone_.fill(top), to = tone_.fill(bottom);
    canvas_.fill(to_canvas_(path), [&](std::int64_t row) {
      int share = static_cast<int>(256 * (row - canvas_.top()) / (canvas_.bottom() - canvas_.top()));
      if (tone_.style == Style::Poster) share = share / 64 * 64 + 32;  // four flat bands
      const Rgb color = mix(from, to, share);
      return [color](std::int64_t, Rgb) { return color; };
    });
  }

 private:
  /// Which of a paint's two colors a sample has. Position in the texture, in 1/65536 of its period, is kept in
  /// integers.
  class Pattern {
   public:
    Pattern(const Paint& paint, const Transform& to_canvas, Edition edition) : texture_(paint.texture) {
      constexpr double periods[][4] = {{1, 19, 19, 22}, {1, 21, 20, 24}}, step[] = {0, 1, 1, 1};
      const double period = periods[static_cast<int>(edition)][static_cast<int>(texture_)];
      const double scale = 65536 / period * step[static_cast<int>(texture_)];
      const Transform back = to_canvas.inverse();
      constexpr double diagonal = 0.70710678118654752;
      constexpr double cosines[] = {1, diagonal, 0, -diagonal}, sines[] = {0, diagonal, 1, diagonal};
      const double c = scale * cosines[paint.angle % 4], s = scale * sines[paint.angle % 4];
      const auto row = [&](double p, double q, std::int64_t* out) {
        const double a = p * back.a + q * back.d, b = p * back.b + q * back.e;
        out[0] = std::llround(a), out[1] = std::llround(b),
        out[2] = std::llround(p * back.c + q * back.f + (a + b) / 2);
      };
      row(c, s, u_), row(-s, c, v_);
    }
    bool operator()(std::int64_t x, std::int64_t y) const {
      if (texture_ == Texture::Plain) return false;
      const std::int64_t u = u_[0] * x + u_[1] * y + u_[2], v = v_[0] * x + v_[1] * y + v_[2];
      if (texture_ == Texture::Striped) return (u & 0x8000) != 0;
      if (texture_ == Texture::Checkered) return ((u ^ v) & 0x8000) != 0;
      const std::int64_t row = v >> 16, du = ((u + (row & 1) * 0x8000) & 0xffff) - 0x8000, dv = (v & 0xffff) - 0x8000;
      return du * du + dv * dv < 20500 * 20500;
    }

   private:
    Texture texture_;
    std::int64_t u_[3], v_[3];
  };

  int light_at(std::int64_t row) const {
    const int light = tone_.light();
    return 256 + light - static_cast<int>(2 * light * (row - canvas_.top()) / (canvas_.bottom() - canvas_.top()));
  }
  void flat(const Path& polygon, Rgb color) {
    canvas_.fill(polygon, [&](std::int64_t) { return [color](std::int64_t, Rgb) { return color; }; });
  }

  Canvas& canvas_;
  Tone tone_;
  Transform to_canvas_;
};

}  // namespace opad::sprites
