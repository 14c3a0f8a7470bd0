#pragma once
#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/experiment/page/chart.hpp>
#include <opad/experiment/page/document.hpp>
#include <opad/experiment/sweep/results.hpp>

/// What is a sweep's own on its page.
namespace opad::page {

/// A row's number, by which it has its colour.
inline std::size_t row_number(const SweepResults& results, const std::string& variant) {
  return static_cast<std::size_t>(std::ranges::find(results.variants, variant) - results.variants.begin());
}

/// A row's name behind its spot of colour.
inline std::string row_name(const SweepResults& results, const std::string& variant) {
  return key(row_number(results, variant)) + escape(variant);
}

/// Better, worse or undecided: the class of whatever shows a comparison.   better: +1 when more is better, -1 when less
/// is
inline std::string standing(const Comparison& comparison, int better) {
  switch (verdict(comparison, better)) {
    case Verdict::Reproduced:
      return "better";
    case Verdict::NotReproduced:
      return "worse";
    default:
      return "undecided";
  }
}

/// One row of a forest plot.
struct Estimate {
  std::string name;
  Comparison comparison;
  int better;
};

/// "-0.021 [-0.034, -0.008]"
inline std::string words_of(const Comparison& comparison) {
  const Interval& interval = comparison.interval;
  return decimal(comparison.difference, 3, true) +
         (std::isfinite(interval.low)
              ? " [" + decimal(interval.low, 3, true) + ", " + decimal(interval.high, 3, true) + "]"
              : "");
}

/// Differences to the reference with their intervals, and a line at 0: a list, each entry with its own strip of the
/// plot, so that names break and rows can be hidden.
///   key  the metric, by which the page's boxes hide it
OPAD_ONCE std::string forest(const std::string& title, const std::vector<Estimate>& rows, const std::string& key) {
  std::vector<double> ends{0};
  for (const Estimate& row : rows)
    for (const double end : {row.comparison.difference, row.comparison.interval.low, row.comparison.interval.high})
      if (std::isfinite(end)) ends.push_back(end);
  auto range = curve_detail::range(ends);
  const double air = 0.06 * (range.high - range.low);
  range = {range.low - air, range.high + air};
  const auto px = [&](double x) { return number(100 * (x - range.low) / (range.high - range.low)) + "%"; };
  const auto ticks = curve_detail::ticks(range, 3);
  std::string grid, labels;
  for (const double tick : ticks) {
    grid += c10::str("<line class=\"", std::abs(tick) < 1e-12 ? "zero" : "grid", "\" x1=\"", px(tick), "\" x2=\"",
                     px(tick), "\" y1=\"-4\" y2=\"28\"/>");
    labels +=
        c10::str("<text class=\"tick middle\" x=\"", px(tick), "\" y=\"14\">", curve_detail::label(tick), "</text>");
  }
  std::string out = c10::str("<section class=\"forest\"", attribute("data-column", key), " aria-label=\"",
                             escape(title), "\"><h3>", escape(title), "</h3><ul>\n");
  for (const Estimate& row : rows) {
    const std::string how = standing(row.comparison, row.better);
    out += c10::str("<li class=\"", how, "\"", attribute("data-row", row.name), "><span>", escape(row.name),
                    "</span><svg role=\"img\" aria-label=\"", words_of(row.comparison), ", ", how, "\">", grid);
    const Interval& interval = row.comparison.interval;
    if (std::isfinite(interval.low))
      out += c10::str("<line class=\"bar\" x1=\"", px(interval.low), "\" x2=\"", px(interval.high),
                      "\" y1=\"12\" y2=\"12\"/>");
    out +=
        c10::str("<circle class=\"dot\" cx=\"", px(row.comparison.difference), "\" cy=\"12\" r=\"4.5\"/></svg></li>\n");
  }
  return out + "<li aria-hidden=\"true\"><span></span><svg>" + labels + "</svg></li></ul></section>\n";
}

/// Boxes by which rows and columns are hidden; shown by the script, without which they would do nothing.
OPAD_ONCE std::string controls(const SweepResults& results, const SweepTable& table) {
  const auto group = [](std::string_view legend, const std::string& boxes) {
    return c10::str("<fieldset><legend>", legend, "</legend>", boxes,
                    "<button type=\"button\" class=\"small\" value=\"all\">all</button> <button type=\"button\" "
                    "class=\"small\" value=\"none\">none</button></fieldset>\n");
  };
  const auto box = [](std::string_view kind, const std::string& value, const std::string& label) {
    return c10::str("<label><input type=\"checkbox\" autocomplete=\"off\" checked",
                    attribute(c10::str("data-shows", kind), value), ">", label, "</label>\n");
  };
  std::string rows, columns;
  for (const std::string& variant : results.variants)
    rows += box("row", variant, "<span>" + row_name(results, variant) + "</span>");
  for (const auto& column : table.columns) columns += box("column", column.key, escape(column.title));
  return "<details class=\"controls\" hidden><summary>Rows and columns to show</summary>\n" + group("Rows", rows) +
         group("Columns", columns) + "</details>\n";
}

}  // namespace opad::page
