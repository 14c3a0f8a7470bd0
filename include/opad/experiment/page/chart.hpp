#pragma once
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/experiment/page/html.hpp>
#include <opad/experiment/picture/learning_curve.hpp>

namespace opad::page {

/// With two digits, as coordinates need.
inline std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

/// One line of a chart; what is no number is passed over.
struct Line {
  std::string name;
  std::vector<double> x, y;
  std::string row = {};  // by which the page's boxes hide it
  std::size_t key = 0;   // its colour and dashes, as in key()
  bool pale = false;     // behind its own smoothed line
};

/// At most 200 points: more are not to be seen.
inline Line thinned(Line line) {
  const std::size_t step = (line.x.size() + 199) / 200;
  if (step <= 1) return line;
  std::vector<double> x, y;
  for (std::size_t i = 0; i < line.x.size(); i += step) x.push_back(line.x[i]), y.push_back(line.y[i]);
  line.x = std::move(x), line.y = std::move(y);
  return line;
}

/// Curves over the iteration as inline SVG, with round numbers on both axes. A screen reader hears where each ends.
OPAD_ONCE std::string chart(const std::string& title, const std::vector<Line>& lines) {
  constexpr double width = 340, height = 200, left = 52, right = 8, top = 26, bottom = 24;
  std::vector<double> xs, ys;
  std::string ends;
  for (const Line& line : lines) {
    xs.insert(xs.end(), line.x.begin(), line.x.end()), ys.insert(ys.end(), line.y.begin(), line.y.end());
    const auto last = std::find_if(line.y.rbegin(), line.y.rend(), [](double y) { return std::isfinite(y); });
    if (last != line.y.rend() && !line.pale)
      ends += c10::str(ends.empty() ? "; at the end " : ", ", line.name, " ", curve_detail::label(*last));
  }
  const auto x_range = curve_detail::range(xs), y_range = curve_detail::range(ys);
  const auto px = [&](double x) {
    return left + (x - x_range.low) / (x_range.high - x_range.low) * (width - left - right);
  };
  const auto py = [&](double y) {
    return height - bottom - (y - y_range.low) / (y_range.high - y_range.low) * (height - top - bottom);
  };
  std::string svg =
      c10::str("<svg class=\"chart\" viewBox=\"0 0 ", width, " ", height, "\" role=\"img\" aria-label=\"",
               escape(title + ends), "\"><text class=\"title\" x=\"", left, "\" y=\"14\">", escape(title), "</text>");
  for (const double tick : curve_detail::ticks(y_range, 4))
    svg += c10::str("<line class=\"grid\" x1=\"", left, "\" x2=\"", width - right, "\" y1=\"", number(py(tick)),
                    "\" y2=\"", number(py(tick)), "\"/><text class=\"tick end\" x=\"", left - 6, "\" y=\"",
                    number(py(tick) + 3.5), "\">", curve_detail::label(tick), "</text>");
  for (const double tick : curve_detail::ticks(x_range, 4))
    svg += c10::str("<text class=\"tick middle\" x=\"", number(px(tick)), "\" y=\"", height - 8, "\">",
                    curve_detail::label(tick), "</text>");
  for (const Line& line : lines) {
    std::string points, only;
    std::size_t count = 0;
    for (std::size_t k = 0; k < line.x.size(); ++k)
      if (std::isfinite(line.y[k])) {
        points += number(px(line.x[k])) + "," + number(py(line.y[k])) + " ", ++count;
        only = c10::str("<circle class=\"dot\" r=\"3\" cx=\"", number(px(line.x[k])), "\" cy=\"", number(py(line.y[k])),
                        "\"/>");
      }
    svg += c10::str("<g", attribute("data-row", line.row), "><polyline class=\"curve k", line.key % 10, " s",
                    line.key / 10 % 3, line.pale ? " pale" : "", "\" points=\"", points, "\"><title>",
                    escape(line.name), "</title></polyline>", count == 1 ? only : "", "</g>");
  }
  return svg + "</svg>";
}

}  // namespace opad::page
