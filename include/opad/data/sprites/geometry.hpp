#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

namespace opad::sprites {

/// A place or a vector: x to the right, y downward.
struct Point {
  double x = 0, y = 0;
};
inline Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
inline Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
inline Point operator*(double s, Point a) { return {s * a.x, s * a.y}; }
inline double dot(Point a, Point b) { return a.x * b.x + a.y * b.y; }
inline double cross(Point a, Point b) { return a.x * b.y - a.y * b.x; }

/// A closed polygon, filled by the non-zero rule; or, where said so, an open line. y points down, angles are degrees
/// that turn from the x axis (right) towards the y axis (down).
using Path = std::vector<Point>;

inline Point polar(Point center, double rx, double ry, double degrees) {
  const double angle = degrees * std::numbers::pi / 180;
  return {center.x + rx * std::cos(angle), center.y + ry * std::sin(angle)};
}

/// Open line along an ellipse, about 10 degrees a piece.
inline Path arc(double cx, double cy, double rx, double ry, double from, double to) {
  const int pieces = std::max(2, static_cast<int>(std::ceil(std::abs(to - from) / 10)));
  Path path;
  for (int i = 0; i <= pieces; ++i) path.push_back(polar({cx, cy}, rx, ry, from + (to - from) * i / pieces));
  return path;
}

inline Path ellipse(double cx, double cy, double rx, double ry) {
  Path path = arc(cx, cy, rx, ry, 0, 360);
  path.pop_back();
  return path;
}

inline Path circle(double cx, double cy, double r) { return ellipse(cx, cy, r, r); }
inline Path circle(Point center, double r) { return circle(center.x, center.y, r); }

inline Path rectangle(double left, double top, double right, double bottom) {
  return {{left, top}, {right, top}, {right, bottom}, {left, bottom}};
}

/// Rectangle with round corners of radius r.
inline Path rounded(double left, double top, double right, double bottom, double r) {
  Path path;
  const auto corner = [&](double cx, double cy, double from) {
    for (int i = 0; i <= 4; ++i) path.push_back(polar({cx, cy}, r, r, from + 22.5 * i));
  };
  corner(right - r, bottom - r, 0), corner(left + r, bottom - r, 90), corner(left + r, top + r, 180),
      corner(right - r, top + r, 270);
  return path;
}

/// Star with five points.
inline Path star(double cx, double cy, double r) {
  Path path;
  for (int i = 0; i < 10; ++i) {
    const double radius = i % 2 == 0 ? r : 0.45 * r;
    path.push_back(polar({cx, cy}, radius, radius, 36 * i - 90));
  }
  return path;
}

/// A point of the Catmull-Rom spline between b and c, t in [0, 1].
inline Point spline(Point a, Point b, Point c, Point d, double t) {
  const auto at = [t](double p, double q, double r, double s) {
    return q + 0.5 * t * (r - p + t * (2 * p - 5 * q + 4 * r - s + t * (3 * (q - r) + s - p)));
  };
  return {at(a.x, b.x, c.x, d.x), at(a.y, b.y, c.y, d.y)};
}

/// Smooth closed curve through the points.
inline Path smooth(const Path& points) {
  Path path;
  const std::size_t n = points.size();
  for (std::size_t i = 0; i < n; ++i)
    for (int step = 0; step < 6; ++step)
      path.push_back(spline(points[(i + n - 1) % n], points[i], points[(i + 1) % n], points[(i + 2) % n], step / 6.0));
  return path;
}

/// Smooth open line through the points.
inline Path curve(const Path& points) {
  Path path;
  const std::size_t n = points.size();
  for (std::size_t i = 0; i + 1 < n; ++i)
    for (int step = 0; step < 6; ++step)
      path.push_back(
          spline(points[i == 0 ? 0 : i - 1], points[i], points[i + 1], points[std::min(i + 2, n - 1)], step / 6.0));
  path.push_back(points.back());
  return path;
}

/// The closed polygon with everything that is at most `margin` outside of it; corners become round.
inline Path grow(const Path& path, double margin) {
  const std::size_t n = path.size();
  double area = 0;
  for (std::size_t i = 0; i < n; ++i) area += cross(path[i], path[(i + 1) % n]);
  const double side = area >= 0 ? 1 : -1;
  const auto direction = [](Point from, Point to) {
    const Point d = to - from;
    const double length = std::hypot(d.x, d.y);
    return length > 1e-9 ? 1 / length * d : Point{1, 0};
  };
  Path out;
  for (std::size_t i = 0; i < n; ++i) {
    const Point before = direction(path[(i + n - 1) % n], path[i]), after = direction(path[i], path[(i + 1) % n]);
    const Point normal{side * margin * before.y, -side * margin * before.x},
        next{side * margin * after.y, -side * margin * after.x};
    const double turn = side * cross(before, after), angle = std::atan2(std::abs(turn), dot(before, after));
    out.push_back(path[i] + normal);
    if (turn < -1e-9) {
      out.push_back(
          path[i]);  // an inner corner: back to the polygon, so that the loop of the two edges counts as inside
    } else {
      const int pieces =
          static_cast<int>(std::ceil(angle / (std::numbers::pi / 6) - 1e-6));  // a right angle: 3, never 4
      for (int k = 1; k < pieces; ++k) {
        const double a = side * angle * k / pieces, c = std::cos(a), s = std::sin(a);
        out.push_back(path[i] + Point{c * normal.x - s * normal.y, s * normal.x + c * normal.y});
      }
    }
    out.push_back(path[i] + next);
  }
  return out;
}

/// An open line of some width, with round ends.
inline Path stroke(const Path& line, double width) {
  Path there_and_back = line;
  for (std::size_t i = line.size() - 1; i-- > 1;) there_and_back.push_back(line[i]);
  return grow(there_and_back, width / 2);
}

/// Affine map of the plane:  x' = a x + b y + c,  y' = d x + e y + f.
struct Transform {
  double a = 1, b = 0, c = 0, d = 0, e = 1, f = 0;
  Point operator()(Point p) const { return {a * p.x + b * p.y + c, d * p.x + e * p.y + f}; }
  Path operator()(Path path) const {
    for (Point& p : path) p = (*this)(p);
    return path;
  }
  Transform inverse() const {
    const double det = a * e - b * d;
    return {e / det, -b / det, (b * f - c * e) / det, -d / det, a / det, (c * d - a * f) / det};
  }
};

}  // namespace opad::sprites
