#pragma once
#include <webp/encode.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include <opad/experiment/picture/learning_curve.hpp>
#include <opad/experiment/sweep/results.hpp>
#include <opad/io/image.hpp>
#include <opad/io/resize.hpp>

namespace opad::page {

/// The pieces of a self-contained HTML page: text, pictures as data, curves and intervals as inline SVG. Colours are
/// CSS variables, so that one page serves light and dark.

/// Text as HTML.
inline std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '"') out += "&quot;";
    else out += c;
  }
  return out;
}

/// Bytes as text, for a data URL. RFC 4648.
inline std::string base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) out += i + k <= bytes.size() ? digits[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

/// An <img> with the picture in it: small ones exact, as PNG, larger ones shrunk to 224 pixels and as WebP.
///   picture  uint8 [H, W, 3]
inline std::string image(const Tensor& picture, const std::string& alt, const std::string& classes = "") {
  constexpr std::int64_t exact = 128, largest = 224;
  const bool small = std::max(picture.size(0), picture.size(1)) <= exact;
  std::string data;
  if (small) {
    data = "image/png;base64," + base64(encode_png(picture));
  } else {
    const std::int64_t shorter = std::min(picture.size(0), picture.size(1));
    const Tensor shown =
        (shorter > largest ? resize_shortest_edge(picture, largest, Filter::Bicubic) : picture).contiguous();
    std::uint8_t* bytes = nullptr;
    const std::size_t size =
        WebPEncodeRGB(shown.data_ptr<std::uint8_t>(), static_cast<int>(shown.size(1)), static_cast<int>(shown.size(0)),
                      static_cast<int>(shown.size(1) * 3), 85, &bytes);
    require(size > 0, "report: a picture of ", shown.sizes(), " cannot be written as WebP");
    data = "image/webp;base64," + base64({reinterpret_cast<const char*>(bytes), size});
    WebPFree(bytes);
  }
  return c10::str("<img class=\"", small ? "exact " : "", classes, "\" alt=\"", escape(alt), "\" title=\"", escape(alt),
                  "\" src=\"data:", data, "\">");
}

/// A number with two digits behind the point.
inline std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

/// One line of a chart.
struct Line {
  std::string name;
  std::vector<double> x, y;
};

/// Curves over the iteration, one colour for each line (class lN), with round numbers on both axes.
inline std::string chart(const std::string& title, const std::vector<Line>& lines) {
  constexpr double width = 340, height = 200, left = 52, right = 8, top = 26, bottom = 24;
  std::vector<double> xs, ys;
  for (const Line& line : lines)
    xs.insert(xs.end(), line.x.begin(), line.x.end()), ys.insert(ys.end(), line.y.begin(), line.y.end());
  const auto x_range = curve_detail::range(xs), y_range = curve_detail::range(ys);
  const auto px = [&](double x) {
    return left + (x - x_range.low) / (x_range.high - x_range.low) * (width - left - right);
  };
  const auto py = [&](double y) {
    return height - bottom - (y - y_range.low) / (y_range.high - y_range.low) * (height - top - bottom);
  };
  std::string svg =
      c10::str("<svg class=\"chart\" viewBox=\"0 0 ", width, " ", height, "\" role=\"img\" aria-label=\"",
               escape(title), "\"><text class=\"title\" x=\"", left, "\" y=\"14\">", escape(title), "</text>");
  for (const double tick : curve_detail::ticks(y_range, 4))
    svg += c10::str("<line class=\"grid\" x1=\"", left, "\" x2=\"", width - right, "\" y1=\"", number(py(tick)),
                    "\" y2=\"", number(py(tick)), "\"/><text class=\"tick end\" x=\"", left - 6, "\" y=\"",
                    number(py(tick) + 3.5), "\">", curve_detail::label(tick), "</text>");
  for (const double tick : curve_detail::ticks(x_range, 4))
    svg += c10::str("<text class=\"tick middle\" x=\"", number(px(tick)), "\" y=\"", height - 8, "\">",
                    curve_detail::label(tick), "</text>");
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string points;
    for (std::size_t k = 0; k < lines[i].x.size(); ++k)
      if (std::isfinite(lines[i].y[k])) points += number(px(lines[i].x[k])) + "," + number(py(lines[i].y[k])) + " ";
    svg += c10::str("<polyline class=\"curve l", i % 10, "\" points=\"", points, "\"><title>", escape(lines[i].name),
                    "</title></polyline>");
  }
  return svg + "</svg>";
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

/// Differences to the reference with their intervals, 0 in the middle of things.
inline std::string forest(const std::string& title, const std::vector<Estimate>& rows) {
  constexpr double width = 520, line = 24, top = 30, bottom = 26, right = 14;
  double left = 60;
  std::vector<double> ends{0};
  for (const Estimate& row : rows) {
    left = std::max(left, 14 + 7.0 * static_cast<double>(std::min<std::size_t>(row.name.size(), 30)));
    for (const double end : {row.comparison.difference, row.comparison.interval.low, row.comparison.interval.high})
      if (std::isfinite(end)) ends.push_back(end);
  }
  auto range = curve_detail::range(ends);
  const double air = 0.06 * (range.high - range.low);
  range = {range.low - air, range.high + air};
  const double height = top + line * static_cast<double>(rows.size()) + bottom;
  const auto px = [&](double x) { return left + (x - range.low) / (range.high - range.low) * (width - left - right); };
  std::string svg =
      c10::str("<svg class=\"forest\" viewBox=\"0 0 ", width, " ", height, "\" role=\"img\" aria-label=\"",
               escape(title), "\"><text class=\"title\" x=\"8\" y=\"16\">", escape(title), "</text>");
  for (const double tick : curve_detail::ticks(range, 5))
    svg += c10::str("<line class=\"", std::abs(tick) < 1e-12 ? "zero" : "grid", "\" x1=\"", number(px(tick)),
                    "\" x2=\"", number(px(tick)), "\" y1=\"", top - 6, "\" y2=\"", height - bottom,
                    "\"/><text class=\"tick middle\" x=\"", number(px(tick)), "\" y=\"", height - 9, "\">",
                    curve_detail::label(tick), "</text>");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Estimate& row = rows[i];
    const double y = top + line * (static_cast<double>(i) + 0.5);
    const std::string name = row.name.size() > 30 ? row.name.substr(0, 28) + "…" : row.name;
    svg +=
        c10::str("<g class=\"", standing(row.comparison, row.better), "\"><title>", escape(row.name),
                 "</title><text class=\"name end\" x=\"", left - 10, "\" y=\"", y + 4, "\">", escape(name), "</text>");
    const Interval& interval = row.comparison.interval;
    if (std::isfinite(interval.low))
      svg += c10::str("<line class=\"bar\" x1=\"", number(px(interval.low)), "\" x2=\"", number(px(interval.high)),
                      "\" y1=\"", y, "\" y2=\"", y, "\"/>");
    svg += c10::str("<circle class=\"dot\" cx=\"", number(px(row.comparison.difference)), "\" cy=\"", y,
                    "\" r=\"4.5\"/></g>");
  }
  return svg + "</svg>";
}

/// The style sheet of the page.
inline constexpr std::string_view style = R"css(
:root{color-scheme:light dark;--paper:#fff;--panel:#f5f6f8;--ink:#1b1f27;--soft:#5c6470;--rule:#dfe2e8;--good:#12784a;
--bad:#b3261e;--accent:#2456c8;--goodwash:#e3f4ea;--badwash:#fbe7e5;
--c0:#2456c8;--c1:#d2691e;--c2:#12784a;--c3:#b3261e;--c4:#7b3fb5;--c5:#0f8b9a;--c6:#a8760a;--c7:#c2378b;--c8:#5c6470;
--c9:#6b8e23}
@media(prefers-color-scheme:dark){:root{--paper:#14171c;--panel:#1d2128;--ink:#e8eaee;--soft:#a2aab6;--rule:#333a45;
--good:#5fd098;--bad:#ff8a80;--accent:#8ab0ff;--goodwash:#173226;--badwash:#3d1f1d;
--c0:#8ab0ff;--c1:#ffab6b;--c2:#5fd098;--c3:#ff8a80;--c4:#c79bff;--c5:#63d3e0;--c6:#e6c15c;--c7:#ff8cc8;--c8:#a2aab6;
--c9:#b6d36b}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1600px;margin:0 auto;padding:28px 24px 64px}
h1{font-size:28px;line-height:1.2;margin:0 0 6px}h2{font-size:20px;margin:40px 0 10px;padding-top:18px;
border-top:1px solid var(--rule)}h3{font-size:16px;margin:0}
p{max-width:80ch;margin:8px 0}.soft{color:var(--soft)}small,.small{font-size:13px}
nav a{margin-right:16px}a{color:var(--accent)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:7px 14px 7px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule)}
thead th{font-size:13px;color:var(--soft);font-weight:600;vertical-align:bottom}
tbody th{white-space:nowrap}table.sticky th:first-child{position:sticky;left:0;background:var(--paper)}
td.n,th.n{text-align:right;white-space:nowrap;padding-left:10px}
td .mean{font-weight:600}td .diff{display:block;font-size:12.5px;color:var(--soft)}
td .better{color:var(--good)}td .worse{color:var(--bad)}
tr.reference td,table.sticky tr.reference th:first-child{background:var(--panel)}
.key{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:8px;vertical-align:-1px}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:16px}.forests{display:grid;
grid-template-columns:repeat(auto-fill,minmax(min(100%,440px),1fr));gap:16px}
svg{width:100%;height:auto;background:var(--panel);border-radius:8px}
svg text{fill:var(--ink);font:12px system-ui,sans-serif}svg .title{font-weight:600;font-size:13px}
svg .tick{fill:var(--soft);font-size:11px}
svg .end{text-anchor:end}svg .middle{text-anchor:middle}svg .grid{stroke:var(--rule)}svg .zero{stroke:var(--soft)}
svg .curve{fill:none;stroke-width:1.8;stroke-linejoin:round}
svg .bar{stroke:var(--soft);stroke-width:3;stroke-linecap:round}svg .dot{fill:var(--soft)}
svg .better .bar{stroke:var(--good)}svg .better .dot{fill:var(--good)}svg .worse .bar{stroke:var(--bad)}
svg .worse .dot{fill:var(--bad)}
details{margin:10px 0;border:1px solid var(--rule);border-radius:8px;padding:10px 16px}summary{cursor:pointer;
font-weight:600}
.photos{display:flex;gap:8px;flex-wrap:wrap;align-items:center;margin:12px 0}
.pictures th,.pictures td{border:0;padding:4px 8px 4px 0;vertical-align:middle}.pictures thead th{white-space:normal;
max-width:124px;vertical-align:bottom;line-height:1.25}
.pictures th.prompt{position:sticky;left:0;background:var(--paper);max-width:190px;white-space:normal;font-weight:400;
font-size:13px;padding-right:14px}
img{display:block;width:112px;height:112px;object-fit:cover;border-radius:6px}img.exact{image-rendering:pixelated}
.photos img{width:88px;height:88px}img.failed{outline:3px solid var(--bad);outline-offset:-3px}
pre{background:var(--panel);border-radius:8px;padding:12px 14px;overflow-x:auto;
font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
)css";

/// One colour for each variant, by its number: of lines in charts, and of keys in text.
inline std::string colours() {
  std::string css;
  for (int i = 0; i < 10; ++i)
    css += c10::str("svg .l", i, "{stroke:var(--c", i, ")}.k", i, "{background:var(--c", i, ")}");
  return css;
}

/// The spot in a variant's colour that stands before its name.
inline std::string key(const SweepResults& results, const std::string& variant) {
  const auto at = std::ranges::find(results.variants, variant) - results.variants.begin();
  return c10::str("<span class=\"key k", at % 10, "\"></span>");
}

}  // namespace opad::page
