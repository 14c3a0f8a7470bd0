#pragma once
#include <algorithm>
#include <array>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/experiment/options/suggest.hpp>
#include <opad/experiment/run/complete_settings.hpp>
#include <opad/io/json.hpp>

namespace opad {

namespace detail {

/// The keys of an entry: their names here, the names that the scripts of Custom Diffusion and diffusers have for them,
/// and the option that each is.
struct ConceptKey {
  std::string_view name, other, option;
};
inline constexpr std::array<ConceptKey, 7> concept_keys{{{"instance_data_dir", "instance_data", "instance-data"},
                                                         {"instance_prompt", "", "instance-prompt"},
                                                         {"modifier_token", "", "modifier-token"},
                                                         {"initializer_token", "", "initializer-token"},
                                                         {"class_data_dir", "class_data", "class-data"},
                                                         {"class_prompt", "", "class-prompt"},
                                                         {"masks_dir", "masks", "masks"}}};

/// "<new1>+<new2>"
inline std::vector<std::string> split_plus(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, '+');) parts.push_back(part);
  return parts;
}

/// One concept's values by option.
///   where  "concepts.json: entry 1"
OPAD_ONCE std::map<std::string, std::string> read_concept_entry(const Json& entry, const std::string& where) {
  require(entry.is_object(), where, " is no object; write {\"instance_data_dir\": ..., \"instance_prompt\": ...}");
  std::vector<std::string> known;
  for (const auto& each : concept_keys) known.emplace_back(each.name);
  std::map<std::string, std::string> values;
  for (const auto& [name, value] : entry.items()) {
    const std::string& key = name;
    const auto meant = std::ranges::find_if(
        concept_keys, [&](const auto& each) { return key == each.name || (!each.other.empty() && key == each.other); });
    require(meant != concept_keys.end(), where, ": ", key, " is no key of a concept", did_you_mean(key, known));
    require(value.is_string() && !value.template get_ref<const std::string&>().empty(), where, ": ", key, ": ",
            brief(value), " is no text; write one in quotes");
    require(values.emplace(meant->option, value.template get<std::string>()).second, where, ": ", meant->name,
            " comes twice, as ", meant->other, " too; give it once");
  }
  for (const auto& each : concept_keys)
    require(!each.option.starts_with("instance-") || values.contains(std::string(each.option)), where, ": ", each.name,
            " is missing");
  return values;
}

/// A list of paths as they are compared.
inline std::vector<std::filesystem::path> as_paths(const std::vector<std::string>& texts) {
  std::vector<std::filesystem::path> paths;
  for (const auto& text : texts) paths.push_back(std::filesystem::absolute(text).lexically_normal());
  return paths;
}

/// Sets what an option says, unless it says something else already.
template <class T>
void settle_concepts(const RunSettings& s, const std::string& option, std::vector<T>& setting, std::vector<T> values,
                     const std::vector<T>& by_default = {}) {
  if (values.empty()) return;
  require(setting == by_default || setting == values, "--concepts ", s.concepts.string(), " and --", option,
          " say different things; leave one of the two out");
  setting = std::move(values);
}

}  // namespace detail

/// Reads --concepts into the options that it stands for: a JSON list with an object for each concept, in the form of
/// the concepts_list of Custom Diffusion's and diffusers' scripts,
///   [{"instance_data_dir": "my/mug", "instance_prompt": "<new1> mug", "class_data_dir": "mugs", "class_prompt":
///   "mug"}]
/// with modifier_token and initializer_token (several of a concept are joined by +) and masks_dir beside them. A key
/// that one entry has, all must have. Paths are read from where the program runs. Throws Error with entry and key, and
/// where an option says something else than the file.
OPAD_ONCE void read_concept_list(RunSettings& s) {
  if (s.concepts.empty()) return;
  const std::string where = s.concepts.string();
  const Json list = read_json(s.concepts);
  require(list.is_array() && !list.empty(), where,
          ": not a list of concepts; write [{\"instance_data_dir\": ..., \"instance_prompt\": ...}, ...]");
  std::map<std::string, std::vector<std::string>> found;  // by option
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string entry = c10::str(where, ": entry ", i + 1);
    const auto values = detail::read_concept_entry(list[i], entry);
    for (const auto& [name, other, option] : detail::concept_keys) {
      const auto value = values.find(std::string(option));
      auto& all = found[std::string(option)];
      const bool tokens = option.ends_with("-token");
      const auto parts = value == values.end() ? std::vector<std::string>()
                         : tokens              ? detail::split_plus(value->second)
                                               : std::vector{value->second};
      require(i == 0 || all.empty() == parts.empty(), entry, ": ", name,
              parts.empty() ? " is missing, and stands in the entries before"
                            : " stands here, and not in the entries before",
              "; give it in all or in none");
      all.insert(all.end(), parts.begin(), parts.end());
    }
  }
  detail::make_absolute(s);
  detail::settle_concepts(s, "instance-data", s.instance_data, detail::as_paths(found["instance-data"]));
  detail::settle_concepts(s, "class-data", s.class_data, detail::as_paths(found["class-data"]));
  detail::settle_concepts(s, "masks", s.masks, detail::as_paths(found["masks"]));
  detail::settle_concepts(s, "instance-prompt", s.instance_prompt, found["instance-prompt"]);
  detail::settle_concepts(s, "class-prompt", s.class_prompt, found["class-prompt"]);
  detail::settle_concepts(s, "initializer-token", s.initializer_token, found["initializer-token"]);
  detail::settle_concepts(s, "modifier-token", s.modifier_token, found["modifier-token"], RunSettings().modifier_token);
  s.concepts.clear();
}

}  // namespace opad
