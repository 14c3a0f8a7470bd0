#pragma once
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/experiment/page/cost.hpp>
#include <opad/experiment/run/metrics.hpp>
#include <opad/experiment/sweep/report_page.hpp>

namespace opad::page {

/// Losses over the iteration: for each variant the mean of its runs, smoothed.
OPAD_ONCE std::string curves(const SweepResults& results) {
  std::map<std::string, std::vector<Line>> charts;
  for (const std::string& variant : results.variants) {
    std::map<std::string, std::map<double, std::pair<double, int>>> sums;  // by metric and step
    for (const RunResult& run : results.runs)
      if (run.variant == variant && std::filesystem::exists(run.folder / "metrics.csv")) {
        const MetricsTable metrics = read_metrics(run.folder / "metrics.csv");
        for (const auto& row : metrics.rows)
          for (std::size_t c = 1; c < row.size(); ++c)
            if (std::isfinite(row[c])) {
              auto& [sum, count] = sums[metrics.columns[c]][row[0]];
              sum += row[c], ++count;
            }
      }
    for (const auto& [metric, steps] : sums) {
      Line line{variant, {}, {}, variant, row_number(results, variant)};
      for (const auto& [step, value] : steps) line.x.push_back(step), line.y.push_back(value.first / value.second);
      line.y = curve_detail::smooth(std::move(line.y));
      charts[metric].push_back(thinned(std::move(line)));
    }
  }
  if (charts.empty()) return "";
  std::string out =
      "<h2 id=\"curves\">Curves</h2>\n<p>Losses over the iteration, the mean over each variant's runs, "
      "smoothed.</p>\n<ul class=\"legend small\">\n";
  for (const std::string& variant : results.variants)
    out += c10::str("<li", attribute("data-row", variant), ">", row_name(results, variant), "</li>\n");
  out += "</ul>\n<div class=\"charts\">\n";
  for (const auto& [metric, lines] : charts) out += chart(metric, lines) + "\n";
  return out + "</div>\n";
}

/// Time, memory and passes of each variant.
OPAD_ONCE std::string cost(const SweepResults& results) {
  std::vector<Cost> costs;
  for (const std::string& variant : results.variants) {
    Cost cost{row_name(results, variant), variant, {}};
    for (const RunResult& run : results.runs)
      if (const Json summary = run.json.value("summary", Json()); run.variant == variant && summary.is_object())
        cost.summaries.push_back(summary);
    if (!cost.summaries.empty()) costs.push_back(std::move(cost));
  }
  if (costs.empty()) return "";
  return "<h2 id=\"cost\">Cost</h2>\n<p>Time and memory are means over a variant's runs; passes are those of one "
         "iteration, forward and, where a gradient went back, backward.</p>\n" +
         cost_table("variant", costs);
}

}  // namespace opad::page
