#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/experiment/picture/canvas.hpp>
#include <opad/experiment/run/metrics.hpp>

namespace opad {

namespace curve_detail {

struct Range {
  double low, high;
};

/// The range of the finite values, never empty.
inline Range range(const std::vector<double>& values) {
  Range found{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  for (const double value : values)
    if (std::isfinite(value)) found = {std::min(found.low, value), std::max(found.high, value)};
  if (!(found.low <= found.high)) return {0, 1};
  if (found.low < found.high) return found;
  const double around = found.low == 0 ? 1 : std::abs(found.low) / 2;
  return {found.low - around, found.high + around};
}

/// Round numbers (1, 2 or 5 times a power of ten) in the range, about `count` of them.
inline std::vector<double> ticks(Range range, int count) {
  const double raw = (range.high - range.low) / count, power = std::pow(10, std::floor(std::log10(raw)));
  const double step = power * (raw / power < 1.5 ? 1 : raw / power < 3.5 ? 2 : raw / power < 7.5 ? 5 : 10);
  std::vector<double> found;
  for (double i = std::ceil(range.low / step - 1e-9); i * step <= range.high + 1e-9 * step; ++i)
    found.push_back(i * step);
  return found;
}

inline std::string label(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value == 0 ? 0.0 : value);  // never -0
  return text;
}

/// Average with weights that fall off exponentially to both sides, over about a twentieth of the curve; gaps are passed
/// over.
inline std::vector<double> smooth(std::vector<double> values) {
  const double keep = std::exp(-40.0 / static_cast<double>(std::max<std::size_t>(values.size(), 40)));
  std::vector<double> sums(values.size(), 0), weights(values.size(), 0);
  const auto sweep = [&](auto value, auto end, auto sum,
                         auto weight) {  // each value weighs 1/2 in each of the two directions
    for (double total = 0, share = 0; value != end; ++value, ++sum, ++weight) {
      const bool present = std::isfinite(*value);
      *sum += keep * total + (present ? *value / 2 : 0);
      *weight += keep * share + (present ? 0.5 : 0);
      total = keep * total + (present ? *value : 0);
      share = keep * share + (present ? 1 : 0);
    }
  };
  sweep(values.begin(), values.end(), sums.begin(), weights.begin());
  sweep(values.rbegin(), values.rend(), sums.rbegin(), weights.rbegin());
  for (std::size_t i = 0; i < values.size(); ++i)
    if (std::isfinite(values[i])) values[i] = sums[i] / weights[i];
  return values;
}

struct Frame {
  std::int64_t left, top, width, height;
};

/// One curve in its frame: name above, axes with round numbers, the values pale and their average strong.
inline void panel(Canvas& canvas, const Frame& frame, const std::string& name, const std::vector<double>& steps,
                  const std::vector<double>& values) {
  const auto& [left, top, width, height] = frame;
  const auto x_range = range(steps), data = range(values);
  const double air = 0.05 * (data.high - data.low);
  const Range y_range{data.low - air, data.high + air};
  const double right_per_step = static_cast<double>(frame.width - 1) / (x_range.high - x_range.low);
  const double up_per_unit = static_cast<double>(frame.height - 1) / (y_range.high - y_range.low);
  const auto x_of = [&](double x) { return static_cast<double>(frame.left) + (x - x_range.low) * right_per_step; };
  const auto y_of = [&](double y) { return static_cast<double>(frame.top) + (y_range.high - y) * up_per_unit; };

  canvas.rectangle(left, top, width, height, colours::panel);
  canvas.text(left, top - 2 * font::line_height - 2, name, colours::ink, 2);
  for (const double tick : ticks(y_range, 4)) {
    const auto y = std::llround(y_of(tick));
    canvas.rectangle(left, y, width, 1, colours::rule);
    canvas.text(left - 8 - Canvas::text_width(label(tick)), y - 3, label(tick), colours::soft);
  }
  for (const double tick : ticks(x_range, 5)) {
    if (tick != std::round(tick)) continue;  // steps are whole
    const auto x = std::llround(x_of(tick));
    canvas.rectangle(x, top + height, 1, 4, colours::soft);
    canvas.text(x - Canvas::text_width(label(tick)) / 2, top + height + 8, label(tick), colours::soft);
  }
  canvas.rectangle(left, top + height, width, 1, colours::soft);
  canvas.text(left + width - Canvas::text_width("step"), top + height + 20, "step", colours::soft);

  const auto draw = [&](const std::vector<double>& curve, double thickness, double opacity) {
    double x = 0, y = std::numeric_limits<double>::quiet_NaN();
    for (std::size_t i = 0; i < curve.size(); ++i) {
      if (!std::isfinite(curve[i])) continue;
      const double next_x = x_of(steps[i]), next_y = y_of(curve[i]);
      if (!std::isfinite(y)) x = next_x, y = next_y;
      canvas.line(x, y, next_x, next_y, colours::blue, thickness, opacity);
      x = next_x, y = next_y;
    }
  };
  const bool rough = values.size() >= 40;
  draw(values, rough ? 1 : values.size() == 1 ? 6 : 2, rough ? 0.3 : 1);
  if (rough) draw(smooth(values), 2.2, 1);
}

}  // namespace curve_detail

/// The columns of a metrics table (all when none are named) as curves over the step, each with its own scale.  bytes
/// [H, W, 3]
OPAD_ONCE Tensor learning_curves(const MetricsTable& table, std::vector<std::string> names = {},
                                 const std::string& title = "") {
  constexpr std::int64_t width = 360, height = 190, left = 70, right = 30, above = 44, below = 40, margin = 16;
  if (names.empty()) names.assign(table.columns.begin() + 1, table.columns.end());
  require(!names.empty(), "learning curves: the metrics have no columns to draw");
  const auto count = static_cast<std::int64_t>(names.size()),
             across = std::min<std::int64_t>(count <= 4 ? 2 : 3, count);
  const std::int64_t header = title.empty() ? 0 : 2 * font::line_height + margin, down = (count + across - 1) / across;
  const std::int64_t column = left + width + right, row = above + height + below;
  Canvas canvas(margin + across * column, margin + header + down * row);
  canvas.text(left + margin, margin, title, colours::ink, 2);
  const auto steps = table.column(table.columns.front());
  for (std::int64_t i = 0; i < count; ++i) {
    const auto& name = names[static_cast<std::size_t>(i)];
    const auto x = margin + i % across * column + left, y = margin + header + i / across * row + above;
    curve_detail::panel(canvas, {x, y, width, height}, name, steps, table.column(name));
  }
  return canvas.image();
}

}  // namespace opad
