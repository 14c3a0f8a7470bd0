#pragma once
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/evaluate/protocol.hpp>
#include <opad/experiment/sweep/report.hpp>
#include <opad/experiment/sweep/results.hpp>
#include <opad/experiment/sweep/settings.hpp>
#include <opad/experiment/sweep/variant.hpp>

namespace opad {

/// Names of the rows of table and report, the reference first.
OPAD_ONCE std::vector<std::string> row_names(const std::vector<Variant>& variants, const SweepSettings& settings) {
  std::vector<std::string> names = settings.all_rows ? settings.only : std::vector<std::string>();
  if (names.empty())
    for (const Variant& variant : variants) names.push_back(variant.name);
  if (settings.all_rows && settings.only.empty()) {
    std::set<std::string> others;
    for (const auto& entry : std::filesystem::directory_iterator(settings.output))
      if (entry.is_directory() && entry.path().filename() != "photographs")
        others.insert(entry.path().filename().string());
    for (const std::string& other : others)
      if (std::ranges::find(names, other) == names.end()) names.push_back(other);
  }
  if (!settings.reference.empty())
    std::ranges::stable_partition(names, [&](const std::string& name) { return name == settings.reference; });
  return names;
}

/// Makes table and report of all that is finished, and prints the table.
OPAD_ONCE void collect_results(const std::string& program, const std::vector<Variant>& variants,
                               const SweepSettings& settings, const Protocol& protocol) {
  const std::filesystem::path origin =
      settings.all_rows ? settings.output : std::filesystem::path(program);  // rows of many programs: the folder's
  SweepResults results{.title = origin.filename().string(), .protocol = protocol.name, .rule = settings.rule};
  for (const Subject& subject : protocol.subjects) results.subjects.push_back(subject.name);
  results.seeds = settings.seeds;
  for (const std::string& row : row_names(variants, settings)) {
    std::optional<int> published;
    for (const std::string& subject : results.subjects)
      for (const std::uint64_t seed : results.seeds) {
        const auto folder = settings.output / row / subject / c10::str("seed-", seed);
        if (!std::filesystem::exists(folder / "results.json")) continue;
        results.runs.push_back(RunResult::read(folder));
        published = results.runs.back().json.value("published", 0);
      }
    if (published) results.variants.push_back(row), results.published.push_back(*published);
  }
  if (results.runs.empty() && !settings.collect) return;  // a part without runs, or one whose runs have all failed
  require(!results.runs.empty(), settings.output.string(), ": nothing is finished yet; run the sweep first");
  results.commands.push_back(settings.whole);
  write_sweep_report(results, settings.output);
  std::cout << table_markdown(make_table(results)) << "\n"
            << (settings.output / "report.html").string() << "\n"
            << (settings.output / "table.csv").string() << "\n"
            << (settings.output / "table.md").string() << std::endl;
}

}  // namespace opad
