#pragma once
#include <map>
#include <string>

#include <opad/core/once.hpp>
#include <opad/core/random.hpp>
#include <opad/experiment/run/content_differences.hpp>
#include <opad/io/json.hpp>

namespace opad {

/// 16 hexadecimal digits that two runs share exactly when they compute the same: recipe, decisive options, and the
/// contents of pictures and models are equal.
OPAD_ONCE std::string fingerprint(const std::string& recipe, const Json& decisive_options,
                                  const Json& contents = Json::object()) {
  nlohmann::json sorted = decisive_options;  // the order of the options says nothing
  if (!contents.empty()) sorted["(contents)"] = decisive_contents(contents);
  const auto bits = hash(sorted.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), hash(recipe + "\n"));
  std::string digits;
  for (int shift = 60; shift >= 0; shift -= 4) digits += "0123456789abcdef"[bits >> shift & 15];
  return digits;
}

/// What a run is: its recipe and its options, all of them (`resolved`) and those that can change its result
/// (`decisive`), and the contents of the pictures and models that it takes (contents.hpp); for the record the preset
/// that the recipe derives from, the policies of its slots, and which folder gave which part of the models
/// (pipeline/parts.hpp).
struct RunDescription {
  std::string recipe;
  Json resolved = Json::object(), decisive = Json::object();
  std::string preset = {};
  Json policies = Json::object(), parts = Json::object(), contents = Json::object();
};

namespace detail {

/// Every value of an options tree as text, by its dotted name.
OPAD_ONCE std::map<std::string, std::string> option_leaves(const Json& tree, const std::string& prefix = "") {
  std::map<std::string, std::string> found;
  for (const auto& [key, value] : tree.items()) {
    if (value.is_object()) found.merge(option_leaves(value, prefix + key + "."));
    else found[prefix + key] = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  return found;
}

}  // namespace detail

/// "seed was 1 and is 2, ...": among the decisive options, and those that there are no longer. Empty: none.
OPAD_ONCE std::string option_differences(const Json& before, const RunDescription& run) {
  const auto was = detail::option_leaves(before), is = detail::option_leaves(run.decisive),
             all = detail::option_leaves(run.resolved);
  std::string text;
  const auto note = [&](const auto&... parts) { text += c10::str(text.empty() ? "" : ", ", parts...); };
  for (const auto& [name, value] : is) {
    const auto old = was.find(name);
    if (old == was.end()) note(name, " is new");
    else if (old->second != value) note(name, " was ", old->second, " and is ", value);
  }
  for (const auto& [name, value] : was)
    if (!all.contains(name)) note(name, " was ", value, " and is gone");
  return text;
}

}  // namespace opad
