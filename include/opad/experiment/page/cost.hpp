#pragma once
#include <limits>
#include <set>
#include <string>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/experiment/page/document.hpp>
#include <opad/io/json.hpp>

namespace opad::page {

/// What runs of one kind cost: summary.json of each (experiment/run/run_summary.hpp).
struct Cost {
  std::string head, row;  // HTML; by which the page's boxes hide it
  std::vector<Json> summaries;
};

/// Time and memory as means over the runs, and the passes through each network in an iteration.
OPAD_ONCE std::string cost_table(const std::string& first, const std::vector<Cost>& costs) {
  std::set<std::string> networks;
  for (const Cost& cost : costs)
    for (const Json& summary : cost.summaries) {
      const Json passes = summary.value("passes per iteration", Json::object());
      for (const auto& [network, count] : passes.items()) networks.insert(network);
    }
  Table table{.name = "cost", .first = first, .columns = {}, .rows = {}};
  for (const char* title : {"seconds per iteration", "minutes of training", "peak memory"})
    table.columns.push_back({title});
  for (const std::string& network : networks) table.columns.push_back({network});
  for (const Cost& cost : costs) {
    const auto mean = [&](const char* name) {
      double sum = 0;
      int count = 0;
      for (const Json& summary : cost.summaries)
        if (const auto value = summary.find(name); value != summary.end() && value->is_number())
          sum += value->get<double>(), ++count;
      return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN();
    };
    Table::Row row{.head = cost.head,
                   .cells = {decimal(mean("seconds per iteration"), 3), decimal(mean("seconds") / 60, 1),
                             decimal(mean("peak memory in MiB"), 0) + " MiB"},
                   .key = cost.row};
    const Json passes = cost.summaries.front().value("passes per iteration", Json::object());
    for (const std::string& network : networks) {
      const Json count = passes.value(network, Json());
      row.cells.push_back(count.is_object() ? c10::str(count.value("forward", 0), " + ", count.value("backward", 0))
                                            : std::string("<span class=\"soft\">–</span>"));
    }
    table.rows.push_back(std::move(row));
  }
  return html(table);
}

}  // namespace opad::page
