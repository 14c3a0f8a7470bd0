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
#include <set>
#include <string>
#include <vector>

#include <opad/core/number_error.hpp>
#include <opad/core/once.hpp>
#include <opad/experiment/options/option.hpp>

namespace opad {

/// The options in a JSON file: the file's own object, or what a run's config.json says under "options".
Json options_of_file(const std::string& file);

/// An object of options, nested or dotted, as (name, value) in its order, values as --set reads them.
std::vector<std::pair<std::string, std::string>> flat_options(const Json& values, const std::string& where,
                                                              const std::string& prefix = "");

/// Everything a program can be told, declared once: a policy's hyper-parameters are its data members, named by
/// BOOST_HANA_ADAPT_STRUCT(opad::LatentMse, weight), and from that come the command line (--loss.latent-mse.weight
/// 0.5), --set loss.latent-mse.weight=0.5, --config FILE (JSON), the resolved configuration, --help and the
/// documentation's table.
/// The command line wins over --set, --set over --config, --config over the defaults; of two equals the later one wins.
/// Names are in kebab-case; an underscore is read as a dash everywhere.
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
    check_later(prefix, policy);
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

  /// A policy that says `void check() const` is asked, once all options are read, whether its numbers can be. What it
  /// refuses (NumberError) is said with the option's name.
  template <class Policy>
  void check_later(const std::string& prefix, const Policy& policy) {
    if constexpr (requires { policy.check(); }) checks_.emplace_back(kebab(prefix), [&policy] { policy.check(); });
  }

  /// Names that are no option here: an error, or passed over, where several programs share a command line.
  enum class Unknown { Refused, PassedOver };

  /// Reads the command line. False: --help or --version was asked for and answered; leave with exit code 0.
  [[nodiscard]] bool parse(int argc, const char* const* argv, std::ostream& out = std::cout,
                           Unknown unknown = Unknown::Refused);

  /// Sets what a JSON object names, nested ({"loss": {"latent-mse": {"weight": 0.5}}}) or dotted. An unknown name is an
  /// error.
  void apply(const Json& values, const std::string& where);

  /// The value of every option, nested by the dots of their names.
  Json resolved() const;
  /// The same without options that cannot change a result (those marked with decisive = false).
  Json decisive() const;

  /// The options as a Markdown table.
  std::string table() const;

  /// What --help prints: grouped, with types and defaults, at most 100 columns wide.
  std::string help() const;

  const std::deque<Option>& all() const { return options_; }

 private:
  static std::string kebab(std::string name) {
    std::replace(name.begin(), name.end(), '_', '-');
    return name;
  }

  Option& add(Option option);

  template <class Policy>
  std::string member_help(const std::string& member) const {
    if constexpr (requires { std::begin(Policy::help); })
      for (const auto& [name, text] : Policy::help)
        if (name == member) return std::string(text);
    const auto common = member_help_.find(member);
    return common == member_help_.end() ? "" : common->second;
  }

  /// The command line as words: --name=value as two, underscores in the names of options as dashes.
  std::vector<std::string> split_words(int argc, const char* const* argv) const;

  const Option* find(const std::string& name) const;

  std::vector<std::string> names() const;

  [[noreturn]] void refuse(const std::string& word) const;

  void apply(const Json& values, const std::string& where, const std::string& prefix, Unknown unknown,
             std::set<std::string>& seen);

  void apply_setting(const std::string& setting, Unknown unknown);

  Json nested(const std::function<bool(const Option&)>& wanted) const;

  static std::string meaning(const Option& option);

  static std::string entry(const std::string& left, const std::string& right);

  static std::string escaped(const std::string& text);
  static std::string code(const std::string& text);

  std::string versions_line() const;

  std::string program_, description_, group_ = "Options";
  std::map<std::string, std::string> member_help_;
  std::deque<Option> options_;                                         // references to its elements stay valid
  std::vector<std::pair<std::string, std::function<void()>>> checks_;  // of policies, by prefix
};

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/experiment/options/detail/options.hpp>
#endif
