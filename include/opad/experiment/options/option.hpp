#pragma once
#include <charconv>
#include <cmath>
#include <concepts>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <opad/core/error.hpp>
#include <opad/core/once.hpp>
#include <opad/io/json.hpp>

namespace opad {

/// One value that a user can set, whatever its C++ type: readable from words (command line) and from JSON, writable as
/// JSON.
struct Option {
  enum class Kind { Flag, Integer, Number, Text };

  std::string name = "";   // "loss.latent-mse.weight"
  std::string group = "";  // heading in --help
  std::string type = "";   // "NUMBER", "yes|no", "nearest|bilinear", "TEXT...", "INTEGER|none"
  std::string help = "";   // with the unit in brackets
  std::string default_text = "";
  Kind kind = Kind::Text;
  bool list = false;      // takes any number of words
  bool optional = false;  // may be absent: JSON null, the word "none"
  std::string bare = "";  // what the option stands for when no word follows it; empty: one must
  bool decisive = true;   // can change a result: part of the fingerprint (a device or an output folder is not)
  std::function<void(const std::vector<std::string>& words, const std::string& where)> set = {};
  std::function<Json()> value = {};
};

/// An enum becomes a choice of names through one function beside it, found by its argument's namespace:
///   constexpr std::array<std::pair<Filter, std::string_view>, 2> enumerators(Filter) {
///     return {{{Filter::Nearest, "nearest"}, {Filter::Bilinear, "bilinear"}}};
///   }
template <class T>
concept Enumerated = std::is_enum_v<T> && requires { enumerators(T{}); };

template <class T>
concept OptionScalar = std::integral<T> || std::same_as<T, double> || std::same_as<T, std::string> ||
                       std::same_as<T, std::filesystem::path> || Enumerated<T>;

namespace option_detail {

template <class T>
struct Holder {
  using Item = T;
  static constexpr bool list = false, optional = false;
};
template <class T>
struct Holder<std::optional<T>> {
  using Item = T;
  static constexpr bool list = false, optional = true;
};
template <class T>
struct Holder<std::vector<T>> {
  using Item = T;
  static constexpr bool list = true, optional = false;
};

void read(const std::string& word, bool& value, const std::string& where);

template <class T>
  requires std::integral<T> && (!std::same_as<T, bool>)
void read(const std::string& word, T& value, const std::string& where) {
  using Limits = std::numeric_limits<T>;
  T number{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  const auto digits = std::string_view(word).substr(word.starts_with('-') ? 1 : 0);
  const bool whole = !digits.empty() && digits.find_first_not_of("0123456789") == digits.npos;
  require(whole, where, ": \"", word, "\" is not a whole number; give one such as 100");
  require(error == std::errc{} && end == word.data() + word.size(), where, ": ", word, " is out of range; give ",
          +Limits::min(), " to ", +Limits::max());
  value = number;
}

void read(const std::string& word, double& value, const std::string& where);

inline void read(const std::string& word, std::string& value, const std::string&) { value = word; }
inline void read(const std::string& word, std::filesystem::path& value, const std::string&) { value = word; }

template <Enumerated T>
std::string choices(std::string_view between) {
  std::string text;
  for (const auto& [value, name] : enumerators(T{})) text.append(text.empty() ? "" : between).append(name);
  return text;
}

template <Enumerated T>
void read(const std::string& word, T& value, const std::string& where) {
  for (const auto& [candidate, name] : enumerators(T{}))
    if (word == name) return void(value = candidate);
  fail(where, ": \"", word, "\" is not one of ", choices<T>(", "));
}

template <OptionScalar T>
Json json(const T& value) {
  if constexpr (Enumerated<T>) {
    for (const auto& [candidate, name] : enumerators(T{}))
      if (value == candidate) return std::string(name);
    fail("an enum holds the value ", static_cast<std::int64_t>(value), ", which its enumerators() do not name");
  } else if constexpr (std::same_as<T, std::filesystem::path>) {
    return value.string();
  } else {
    return value;
  }
}

template <OptionScalar T>
std::pair<Option::Kind, std::string> kind() {
  if constexpr (std::same_as<T, bool>) return {Option::Kind::Flag, "yes|no"};
  else if constexpr (std::integral<T>) return {Option::Kind::Integer, "INTEGER"};
  else if constexpr (std::same_as<T, double>) return {Option::Kind::Number, "NUMBER"};
  else if constexpr (Enumerated<T>) return {Option::Kind::Text, choices<T>("|")};
  else if constexpr (std::same_as<T, std::filesystem::path>) return {Option::Kind::Text, "PATH"};
  else return {Option::Kind::Text, "TEXT"};
}

/// Numbers may also be given as one word, 1,2,4; texts keep their commas.
std::vector<std::string> split_numbers(const std::vector<std::string>& words);

template <class T>
void set(T& value, const std::vector<std::string>& words, const std::string& where) {
  using Item = typename Holder<T>::Item;
  if constexpr (Holder<T>::list) {
    T items;
    constexpr bool numbers = std::integral<Item> || std::same_as<Item, double>;
    for (const auto& word : numbers ? split_numbers(words) : words) {
      Item item{};
      read(word, item, where);
      items.push_back(std::move(item));
    }
    value = std::move(items);
  } else if constexpr (Holder<T>::optional) {
    if (words.empty() || words.back() == "none") return value.reset();
    Item item{};
    read(words.back(), item, where);
    value = std::move(item);
  } else {
    read(words.back(), value, where);
  }
}

template <class T>
Json json_of(const T& value) {
  if constexpr (Holder<T>::list) {
    Json items = Json::array();
    for (const auto& item : value) items.push_back(json(item));
    return items;
  } else if constexpr (Holder<T>::optional) {
    return value ? json(*value) : Json();
  } else {
    return json(value);
  }
}

/// A JSON value as a person reads it: texts without quotes, lists as words, null as "none".
std::string plain(const Json& value);

}  // namespace option_detail

/// What an option can hold: a scalar, an optional scalar, a list of scalars.
template <class T>
concept OptionValue = OptionScalar<typename option_detail::Holder<T>::Item> && !std::same_as<T, std::vector<bool>>;

/// The option that reads and writes `value`, which must outlive it.
template <OptionValue T>
Option make_option(std::string name, std::string group, T& value, std::string help) {
  Option option{.name = std::move(name), .group = std::move(group), .help = std::move(help)};
  std::tie(option.kind, option.type) = option_detail::kind<typename option_detail::Holder<T>::Item>();
  option.list = option_detail::Holder<T>::list;
  option.optional = option_detail::Holder<T>::optional;
  if (option.list) option.type += "...";
  if (option.optional) option.type += "|none";
  option.set = [&value](const auto& words, const auto& where) { option_detail::set(value, words, where); };
  option.value = [&value] { return option_detail::json_of(value); };
  option.default_text = option_detail::plain(option.value());
  return option;
}

/// Sets an option from JSON, strictly: a number must be a number, not a text that looks like one.
void set_from_json(const Option& option, const Json& value, const std::string& where);

// what options usually hold is compiled once, too
#define OPAD_USUAL_OPTIONS(WORD)                                                                                \
  WORD template Option make_option(std::string, std::string, bool&, std::string);                               \
  WORD template Option make_option(std::string, std::string, std::int64_t&, std::string);                       \
  WORD template Option make_option(std::string, std::string, std::uint64_t&, std::string);                      \
  WORD template Option make_option(std::string, std::string, double&, std::string);                             \
  WORD template Option make_option(std::string, std::string, std::string&, std::string);                        \
  WORD template Option make_option(std::string, std::string, std::filesystem::path&, std::string);              \
  WORD template Option make_option(std::string, std::string, std::vector<std::string>&, std::string);           \
  WORD template Option make_option(std::string, std::string, std::vector<std::filesystem::path>&, std::string); \
  WORD template Option make_option(std::string, std::string, std::vector<double>&, std::string);
#if defined(OPAD_COMPILED_ELSEWHERE)
OPAD_USUAL_OPTIONS(extern)
#elif defined(OPAD_COMPILED_LIBRARY)
OPAD_USUAL_OPTIONS()
#endif

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/experiment/options/detail/option.hpp>
#endif
