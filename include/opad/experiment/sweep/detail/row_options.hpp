#pragma once
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/experiment/options/suggest.hpp>
#include <opad/experiment/run/detail/start.hpp>
#include <opad/experiment/sweep/settings.hpp>
#include <opad/experiment/sweep/variant.hpp>
#include <opad/io/json.hpp>

namespace opad {

/// NAME=VALUE by row, from --row-options.
using RowOptions = std::map<std::string, std::vector<std::string>>;

/// --row-options: each row's words for its training, and a refusal of what no row has.
OPAD_ONCE RowOptions read_row_options(const SweepSettings& settings, const std::vector<Variant>& variants) {
  if (settings.row_options.empty()) return {};
  const std::string file = settings.row_options.string();
  const Json all = read_json(settings.row_options);
  require(all.is_object(), file, ": not an object {\"*\": {options of every row}, \"ROW\": {options of one}, ...}");
  RowOptions own;
  std::set<std::string> of_any;
  for (const Variant& variant : variants) {
    if (!variant.program) continue;
    const std::vector<std::string> known = option_names(*variant.program);
    of_any.insert(known.begin(), known.end());
    for (const auto& [scope, options] : all.items()) {
      if (scope != "*" && scope != variant.name) continue;
      for (const auto& [name, value] : flat_options(options, file + ": " + scope)) {
        if (std::ranges::find(known, name) != known.end()) own[variant.name].push_back(name + "=" + value);
        else require(scope == "*", file, ": ", name, " is not an option of the row ", scope, did_you_mean(name, known));
      }
    }
  }
  for (const auto& [name, value] : settings.options_of_every_row())
    require(of_any.contains(name), file, ": ", name, " is an option of no row",
            did_you_mean(name, {of_any.begin(), of_any.end()}));
  return own;
}

}  // namespace opad
