#pragma once
#include <boost/hana/accessors.hpp>
#include <boost/hana/concept/struct.hpp>
#include <boost/hana/first.hpp>
#include <boost/hana/for_each.hpp>
#include <boost/hana/second.hpp>
#include <boost/hana/string.hpp>
#include <boost/hana/tuple.hpp>

#include <algorithm>
#include <deque>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/experiment/option.hpp>
#include <opad/experiment/suggest.hpp>
#include <opad/experiment/versions.hpp>
#include <opad/experiment/wrap.hpp>

namespace opad {

/// The options in a JSON file: the file's own object, or what a run's config.json says under "options".
inline Json options_of_file(const std::string& file) {
  Json content = read_json(file);
  const bool of_a_run = content.is_object() && content.contains("options") && content.contains("fingerprint");
  return of_a_run ? content["options"] : content;
}

/// An object of options, nested or dotted, as (name, value) in its order, values as --set reads them.
OPAD_ONCE std::vector<std::pair<std::string, std::string>> flat_options(const Json& values, const std::string& where,
                                                                        const std::string& prefix = "") {
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
  return out;
}

/// Everything a program can be told, declared once: a policy's hyper-parameters are its data members, named by
/// BOOST_HANA_ADAPT_STRUCT(opad::LatentMse, weight), and from that come the command line (--loss.latent-mse.weight
/// 0.5),
/// --set loss.latent-mse.weight=0.5, --config FILE (JSON), the resolved configuration, --help and the documentation's
/// table. The command line wins over --set, --set over --config, --config over the defaults; of two equals the later
/// one wins. Names are in kebab-case; an underscore is read as a dash everywhere.
///
/// A policy says what its members mean in an optional static member, units in brackets:
///   static constexpr std::pair<std::string_view, std::string_view> help[] = {{"hidden", "width of the hidden layer"}};
///
/// Bound values must outlive the options. Errors are opad::Error: one line with what, where, and the nearest known
/// name.
class Options {
 public:
  Options(std::string program, std::string description)
      : program_(std::move(program)),
        description_(std::move(description)) {}

  /// The heading in --help of the values bound from here on by bind_value.
  void group(std::string title) { group_ = std::move(title); }

  /// What a member of this name means in a policy that does not say so itself.
  void describe_members(const std::map<std::string, std::string>& texts) {
    member_help_.insert(texts.begin(), texts.end());
  }

  template <OptionValue T>
  Option& bind_value(const std::string& name, T& value, std::string help, const std::string& unit = "") {
    if (!unit.empty()) help += " [" + unit + "]";
    return add(make_option(kebab(name), group_, value, std::move(help)));
  }

  /// Every member of an adapted policy as PREFIX.MEMBER; a member that is itself a policy goes one level deeper.
  template <class Policy>
  void bind(const std::string& prefix, Policy& policy) {
    if constexpr (boost::hana::Struct<Policy>::value) {
      boost::hana::for_each(boost::hana::accessors<Policy>(), [&](auto accessor) {
        const std::string member = boost::hana::first(accessor).c_str(), name = kebab(prefix + "." + member);
        auto& value = boost::hana::second(accessor)(policy);
        if constexpr (OptionValue<std::remove_reference_t<decltype(value)>>)
          add(make_option(name, kebab(prefix), value, member_help<Policy>(member)));
        else bind(name, value);
      });
    } else {
      static_assert(std::is_empty_v<Policy>,
                    "Options::bind: this type holds data, but is neither a policy with "
                    "BOOST_HANA_ADAPT_STRUCT(Policy, members...) after its definition nor something an option can be: "
                    "bool, an integer, "
                    "double, std::string, std::filesystem::path, an enum with enumerators(), std::optional or "
                    "std::vector of these");
    }
  }

  /// Names that are no option here: an error, or passed over, where several programs share a command line.
  enum class Unknown { Refused, PassedOver };

  /// Reads the command line. False: --help or --version was asked for and answered; leave with exit code 0.
  [[nodiscard]] bool parse(int argc, const char* const* argv, std::ostream& out = std::cout,
                           Unknown unknown = Unknown::Refused);

  /// Sets what a JSON object names, nested ({"loss": {"latent-mse": {"weight": 0.5}}}) or dotted. An unknown name is an
  /// error.
  void apply(const Json& values, const std::string& where) { apply(values, where, "", Unknown::Refused); }

  /// The value of every option, nested by the dots of their names.
  OPAD_ONCE Json resolved() const {
    return nested([](const Option&) { return true; });
  }
  /// The same without options that cannot change a result (those marked with decisive = false).
  OPAD_ONCE Json decisive() const {
    return nested([](const Option& option) { return option.decisive; });
  }

  /// The options as a Markdown table.
  OPAD_ONCE std::string table() const {
    std::string text = "| option | type | default | meaning |\n|---|---|---|---|\n";
    for (const auto& option : options_)
      text += "| `--" + option.name + "` | " + escaped(option.type) + " | " + code(option.default_text) + " | " +
              escaped(option.help) + " |\n";
    return text;
  }

  /// What --help prints: grouped, with types and defaults, at most 100 columns wide.
  OPAD_ONCE std::string help() const {
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
    return text + "\nThe command line wins over --set, --set over --config, --config over the defaults.\n";
  }

  const std::deque<Option>& all() const { return options_; }

 private:
  static std::string kebab(std::string name) {
    std::replace(name.begin(), name.end(), '_', '-');
    return name;
  }

  OPAD_ONCE Option& add(Option option) {
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

  template <class Policy>
  std::string member_help(const std::string& member) const {
    if constexpr (requires { std::begin(Policy::help); })
      for (const auto& [name, text] : Policy::help)
        if (name == member) return std::string(text);
    const auto common = member_help_.find(member);
    return common == member_help_.end() ? "" : common->second;
  }

  /// The command line as words: --name=value as two, underscores in the names of options as dashes.
  std::vector<std::string> split_words(int argc, const char* const* argv) const {
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

  const Option* find(const std::string& name) const {
    const auto at =
        std::find_if(options_.begin(), options_.end(), [&](const Option& option) { return option.name == name; });
    return at == options_.end() ? nullptr : &*at;
  }

  std::vector<std::string> names() const {
    std::vector<std::string> names{"config", "set", "help", "version"};
    for (const auto& option : options_) names.push_back(option.name);
    return names;
  }

  [[noreturn]] void refuse(const std::string& word) const {
    require(word.starts_with("--"), "\"", word, "\": every argument belongs to an option; ", program_,
            " --help lists them");
    const auto name = kebab(word.substr(2, word.find('=') - 2));
    fail("--", name, " is not an option of ", program_, did_you_mean(name, names(), "--"));
  }

  OPAD_ONCE void apply(const Json& values, const std::string& where, const std::string& prefix, Unknown unknown) {
    require(values.is_object(), where, ": options are a JSON object, {\"name\": value, ...}");
    for (const auto& [key, value] : values.items()) {
      const auto name = prefix + kebab(key);
      if (const auto* option = find(name)) {
        set_from_json(*option, value, where + ": " + name);
      } else {
        const bool deeper = value.is_object() && !value.empty();
        if (!deeper && unknown == Unknown::PassedOver) continue;
        require(deeper, where, ": ", name, " is not an option of ", program_, did_you_mean(name, names()));
        apply(value, where, name + ".", unknown);
      }
    }
  }

  void apply_setting(const std::string& setting, Unknown unknown) {
    const auto equals = setting.find('=');
    require(equals != std::string::npos, "--set ", setting, ": give a name and a value, as in --set seed=1");
    const auto name = kebab(setting.substr(0, equals)), value = setting.substr(equals + 1), where = "--set " + name;
    const auto* option = find(name);
    if (!option && unknown == Unknown::PassedOver) return;
    require(option, where, ": not an option of ", program_, did_you_mean(name, names()));
    if (!option->list || !value.starts_with('[')) return option->set({value}, where);
    set_from_json(*option, parse_json(value, where), where);
  }

  template <class Wanted>
  Json nested(Wanted wanted) const {
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

  static std::string meaning(const Option& option) {
    const auto text = option.default_text.empty() ? "none" : option.default_text;
    return option.help + (option.help.empty() ? "" : " ") + "(default: " + text + ")";
  }

  static std::string entry(const std::string& left, const std::string& right) {
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

  static std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
    return out;
  }
  static std::string code(const std::string& text) { return text.empty() ? "" : "`" + escaped(text) + "`"; }

  std::string versions_line() const {
    const auto made_with = versions();
    return c10::str(program_, " ", opad::version, " (LibTorch ", made_with["libtorch"].get<std::string>(), ", ",
                    made_with["compiler"].get<std::string>(), ")\n");
  }

  std::string program_, description_, group_ = "Options";
  std::map<std::string, std::string> member_help_;
  std::deque<Option> options_;  // references to its elements stay valid
};

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE  // a large header, which nothing else needs
#include <CLI/CLI.hpp>

namespace opad {

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
  for (const auto& file : files) apply(options_of_file(file), file, "", unknown);
  for (const auto& setting : settings) apply_setting(setting, unknown);
  for (std::size_t i = 0; i < given.size(); ++i)
    if (given[i]->count()) options_[i].set(given[i]->results(), "--" + options_[i].name);
  return true;
}

}  // namespace opad
#endif
