#pragma once
#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <set>

#include <opad/experiment/options/exit_codes.hpp>
#include <opad/experiment/options/options.hpp>
#include <opad/experiment/options/suggest.hpp>
#include <opad/experiment/options/versions.hpp>
#include <opad/experiment/options/wrap.hpp>

/// Reading the command line, and writing about it.
namespace opad {

OPAD_ONCE Json options_of_file(const std::string& file) {
  Json content = read_json(file);
  const bool of_a_run = content.is_object() && content.contains("options") && content.contains("fingerprint");
  return of_a_run ? content["options"] : content;
}

namespace detail {
/// One file gives an option once, whether under its name, with underscores, nested or dotted.
inline void require_once(std::set<std::string>& names, const std::string& name, const std::string& where) {
  if (!names.insert(name).second) fail(where, ": the option ", name, " comes twice, written in two ways; give it once");
}
}  // namespace detail

OPAD_ONCE std::vector<std::pair<std::string, std::string>> flat_options(const Json& values, const std::string& where,
                                                                        const std::string& prefix) {
  require(values.is_object(), where, ": options are a JSON object, {\"name\": value, ...}");
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [key, value] : values.items()) {
    std::string name = prefix + key;
    std::replace(name.begin(), name.end(), '_', '-');
    if (value.is_object()) {
      const auto deeper = flat_options(value, where, name + ".");
      out.insert(out.end(), deeper.begin(), deeper.end());
    } else {
      out.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
  std::set<std::string> names;
  for (const auto& [name, value] : out) detail::require_once(names, name, where);
  return out;
}

OPAD_ONCE Json Options::resolved() const {
  return nested([](const Option&) { return true; });
}

OPAD_ONCE Json Options::decisive() const {
  return nested([](const Option& option) { return option.decisive; });
}

OPAD_ONCE std::string Options::table() const {
  std::string text = "| option | type | default | meaning |\n|---|---|---|---|\n";
  for (const auto& option : options_)
    text += "| `--" + option.name + "` | " + escaped(option.type) + " | " + code(option.default_text) + " | " +
            escaped(option.help) + " |\n";
  return text;
}

OPAD_ONCE std::string Options::help() const {
  std::string text = program_ + " " + opad::version + "\n\n";
  for (const auto& line : wrap(description_, 100)) text += line + "\n";
  text += "\nUsage: " + program_ + " [--OPTION VALUE]...\n\nConfiguration\n";
  text += entry("--config FILE...", "JSON files of options, for instance the config.json of a run folder");
  text += entry("--set NAME=VALUE...",
                "options by name, as in --set loss.latent-mse.weight=0.5; lists are JSON: steps=[1,2]");
  text += entry("-h, --help", "this text");
  text += entry("--version", "versions of opad, LibTorch and the compiler");
  std::vector<std::string> titles;
  for (const auto& option : options_)
    if (std::find(titles.begin(), titles.end(), option.group) == titles.end()) titles.push_back(option.group);
  for (const auto& title : titles) {
    text += "\n" + title + "\n";
    for (const auto& option : options_)
      if (option.group == title) text += entry("--" + option.name + " " + option.type, meaning(option));
  }
  text += "\nThe command line wins over --set, --set over --config, --config over the defaults.\n\nExit codes\n";
  for (const auto& [code, meaning] : exit_code::meanings) text += entry(std::string(code), std::string(meaning));
  return text;
}

OPAD_ONCE Option& Options::add(Option option) {
  for (const auto* reserved : {"help", "version", "config", "set"})
    require(option.name != reserved, "Options: the name ", reserved, " is taken by every program");
  const auto within = [](const std::string& name, const std::string& other) {
    return (name + ".").starts_with(other + ".");
  };
  for (const auto& other : options_)
    require(!within(option.name, other.name) && !within(other.name, option.name), "Options: ", option.name,
            " collides with ", other.name, "; give one of the two another name or prefix");
  return options_.emplace_back(std::move(option));
}

OPAD_ONCE std::vector<std::string> Options::split_words(int argc, const char* const* argv) const {
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto equals = word.find('=');
    const auto name = word.starts_with("--") ? kebab(word.substr(2, equals - 2)) : "";
    const bool known = find(name) || name == "config" || name == "set";
    words.push_back(known ? "--" + name : word);
    if (known && equals != std::string::npos) words.push_back(word.substr(equals + 1));
  }
  return words;
}

OPAD_ONCE const Option* Options::find(const std::string& name) const {
  const auto at =
      std::find_if(options_.begin(), options_.end(), [&](const Option& option) { return option.name == name; });
  return at == options_.end() ? nullptr : &*at;
}

OPAD_ONCE std::vector<std::string> Options::names() const {
  std::vector<std::string> names{"config", "set", "help", "version"};
  for (const auto& option : options_) names.push_back(option.name);
  return names;
}

OPAD_ONCE void Options::refuse(const std::string& word) const {
  require(word.starts_with("--"), "\"", word, "\": every argument belongs to an option; ", program_,
          " --help lists them");
  const auto name = kebab(word.substr(2, word.find('=') - 2));
  fail("--", name, " is not an option of ", program_, did_you_mean(name, names(), "--"));
}

OPAD_ONCE void Options::apply(const Json& values, const std::string& where, const std::string& prefix, Unknown unknown,
                              std::set<std::string>& seen) {
  require(values.is_object(), where, ": options are a JSON object, {\"name\": value, ...}");
  for (const auto& [key, value] : values.items()) {
    const auto name = prefix + kebab(key);
    if (const auto* option = find(name)) {
      detail::require_once(seen, name, where);
      set_from_json(*option, value, where + ": " + name);
    } else {
      const bool deeper = value.is_object() && !value.empty();
      if (!deeper && unknown == Unknown::PassedOver) continue;
      require(deeper, where, ": ", name, " is not an option of ", program_, did_you_mean(name, names()));
      apply(value, where, name + ".", unknown, seen);
    }
  }
}

OPAD_ONCE void Options::apply_setting(const std::string& setting, Unknown unknown) {
  const auto equals = setting.find('=');
  require(equals != std::string::npos, "--set ", setting, ": give a name and a value, as in --set seed=1");
  const auto name = kebab(setting.substr(0, equals)), value = setting.substr(equals + 1), where = "--set " + name;
  const auto* option = find(name);
  if (!option && unknown == Unknown::PassedOver) return;
  require(option, where, ": not an option of ", program_, did_you_mean(name, names()));
  if (!option->list || !value.starts_with('[')) return option->set({value}, where);
  set_from_json(*option, parse_json(value, where), where);
}

OPAD_ONCE std::string Options::meaning(const Option& option) {
  const auto text = option.default_text.empty() ? "none" : option.default_text;
  return option.help + (option.help.empty() ? "" : " ") + "(default: " + text + ")";
}

OPAD_ONCE std::string Options::entry(const std::string& left, const std::string& right) {
  constexpr std::size_t column = 34, width = 100;
  std::string text = "  " + left;
  if (text.size() + 2 > column) text += "\n";
  else text.resize(column, ' ');
  bool first = text.back() != '\n';
  for (const auto& line : wrap(right, width - column)) {
    text += (first ? "" : std::string(column, ' ')) + line + "\n";
    first = false;
  }
  return text;
}

OPAD_ONCE std::string Options::escaped(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

OPAD_ONCE std::string Options::code(const std::string& text) { return text.empty() ? "" : "`" + escaped(text) + "`"; }

OPAD_ONCE std::string Options::versions_line() const {
  const auto made_with = versions();
  return c10::str(program_, " ", opad::version, " (LibTorch ", made_with["libtorch"].get<std::string>(), ", ",
                  made_with["compiler"].get<std::string>(), ")\n");
}

OPAD_ONCE Json Options::nested(const std::function<bool(const Option&)>& wanted) const {
  Json tree = Json::object();
  for (const auto& option : options_) {
    if (!wanted(option)) continue;
    Json* at = &tree;
    std::istringstream parts(option.name);
    for (std::string part; std::getline(parts, part, '.');) at = &(*at)[part];
    *at = option.value();
  }
  return tree;
}

OPAD_ONCE void Options::apply(const Json& values, const std::string& where) {
  std::set<std::string> seen;
  apply(values, where, "", Unknown::Refused, seen);
}

OPAD_ONCE bool Options::parse(int argc, const char* const* argv, std::ostream& out, Unknown unknown) {
  CLI::App app(description_, program_);
  app.set_help_flag();
  app.allow_extras();
  const auto* wants_help = app.add_flag("-h,--help");
  const auto* wants_version = app.add_flag("--version");
  std::vector<std::string> files, settings;
  app.add_option("--config", files)->expected(1, -1);
  app.add_option("--set", settings)->expected(1, -1);
  const auto declare = [&](const Option& option) -> const CLI::Option* {
    auto* declared = app.add_option("--" + option.name, CLI::callback_t([](const CLI::results_t&) { return true; }));
    if (option.list) return declared->expected(1, -1)->allow_extra_args();
    if (option.kind == Option::Kind::Flag) declared->default_str("true")->expected(0, 1);
    else if (!option.bare.empty()) declared->default_str(option.bare)->expected(0, 1);
    return declared->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  };
  std::vector<const CLI::Option*> given;
  for (const auto& option : options_) given.push_back(declare(option));
  try {
    auto words = split_words(argc, argv);
    std::reverse(words.begin(), words.end());  // the order that CLI11 wants
    app.parse(words);
  } catch (const CLI::ParseError& error) { fail(error.what(), "; ", program_, " --help lists the options"); }
  if (wants_help->count()) return out << help(), false;
  if (wants_version->count()) return out << versions_line(), false;
  if (const auto extra = app.remaining(); !extra.empty() && unknown == Unknown::Refused) refuse(extra.front());
  for (const auto& file : files) {
    std::set<std::string> seen;
    apply(options_of_file(file), file, "", unknown, seen);
  }
  for (const auto& setting : settings) apply_setting(setting, unknown);
  for (std::size_t i = 0; i < given.size(); ++i)
    if (given[i]->count()) options_[i].set(given[i]->results(), "--" + options_[i].name);
  for (const auto& [prefix, check] : checks_) {
    try {
      check();
    } catch (const NumberError& error) {
      fail("--", prefix, ".", kebab(error.member), " ", error.value, ": give ", error.advice);
    }
  }
  return true;
}

}  // namespace opad
