#pragma once
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/experiment/run/metrics.hpp>
#include <opad/experiment/sweep/report_page.hpp>

namespace opad::page {

/// At most 200 points: more are not to be seen.
inline Line thinned(Line line) {
  const std::size_t step = (line.x.size() + 199) / 200;
  if (step <= 1) return line;
  Line out{line.name, {}, {}};
  for (std::size_t i = 0; i < line.x.size(); i += step) out.x.push_back(line.x[i]), out.y.push_back(line.y[i]);
  return out;
}

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
      Line line{variant, {}, {}};
      for (const auto& [step, value] : steps) line.x.push_back(step), line.y.push_back(value.first / value.second);
      line.y = curve_detail::smooth(std::move(line.y));
      charts[metric].push_back(thinned(std::move(line)));
    }
  }
  if (charts.empty()) return "";
  std::string out =
      "<h2 id=\"curves\">Curves</h2>\n<p>Losses over the iteration, the mean over each variant's runs, "
      "smoothed.</p>\n<p>";
  for (const std::string& variant : results.variants)
    out += c10::str("<span style=\"white-space:nowrap;margin-right:18px\">", key(results, variant), escape(variant),
                    "</span> ");
  out += "</p>\n<div class=\"charts\">\n";
  for (auto& [metric, lines] : charts) {
    // the colour is the variant's, also where others lack the metric
    std::vector<Line> all;
    for (const std::string& variant : results.variants) {
      const auto found = std::ranges::find(lines, variant, &Line::name);
      all.push_back(found == lines.end() ? Line{variant, {}, {}} : *found);
    }
    out += chart(metric, all) + "\n";
  }
  return out + "</div>\n";
}

/// Time, memory and passes of each variant.
OPAD_ONCE std::string cost(const SweepResults& results) {
  std::set<std::string> networks;
  std::map<std::string, std::vector<Json>> summaries;
  for (const RunResult& run : results.runs) {
    const Json summary = run.json.value("summary", Json());
    if (!summary.is_object()) continue;
    summaries[run.variant].push_back(summary);
    const Json passes = summary.value("passes per iteration", Json::object());
    for (const auto& [network, count] : passes.items()) networks.insert(network);
  }
  if (summaries.empty()) return "";
  std::string out =
      "<h2 id=\"cost\">Cost</h2>\n<p>Time and memory are means over a variant's runs; passes are those of one "
      "iteration, forward and, where a gradient went back, backward.</p>\n"
      "<div class=\"scroll\"><table><thead><tr><th>variant</th><th class=\"n\">seconds per iteration</th><th "
      "class=\"n\">peak memory</th>";
  for (const std::string& network : networks) out += "<th class=\"n\">" + escape(network) + "</th>";
  out += "</tr></thead><tbody>\n";
  for (const std::string& variant : results.variants) {
    const auto found = summaries.find(variant);
    if (found == summaries.end()) continue;
    const auto mean = [&](const char* name) {
      double sum = 0;
      int count = 0;
      for (const Json& summary : found->second)
        if (const auto value = summary.find(name); value != summary.end() && value->is_number())
          sum += value->get<double>(), ++count;
      return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN();
    };
    out += c10::str("<tr><th>", key(results, variant), escape(variant), "</th><td class=\"n\">",
                    decimal(mean("seconds per iteration"), 3), "</td><td class=\"n\">",
                    decimal(mean("peak memory in MiB"), 0), " MiB</td>");
    const Json passes = found->second.front().value("passes per iteration", Json::object());
    for (const std::string& network : networks) {
      const Json count = passes.value(network, Json());
      out += count.is_object()
                 ? c10::str("<td class=\"n\">", count.value("forward", 0), " + ", count.value("backward", 0), "</td>")
                 : std::string("<td class=\"n soft\">–</td>");
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

}  // namespace opad::page
