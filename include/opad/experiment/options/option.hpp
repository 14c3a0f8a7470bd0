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

OPAD_ONCE void read(const std::string& word, bool& value, const std::string& where) {
  for (const auto* yes : {"true", "yes", "on", "1"})
    if (word == yes) return void(value = true);
  for (const auto* no : {"false", "no", "off", "0"})
    if (word == no) return void(value = false);
  fail(where, ": \"", word, "\" is neither yes nor no; give true or false");
}

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

OPAD_ONCE void read(const std::string& word, double& value, const std::string& where) {
  double number{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  require(error != std::errc::result_out_of_range, where, ": ", word, " is out of range of a 64-bit number");
  require(error == std::errc{} && end == word.data() + word.size() && std::isfinite(number), where, ": \"", word,
          "\" is not a finite number; give one such as 0.5 or 1e-5");
  value = number;
}

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
OPAD_ONCE std::vector<std::string> split_numbers(const std::vector<std::string>& words) {
  std::vector<std::string> numbers;
  for (const auto& word : words)
    for (std::size_t begin = 0, end = 0; end != std::string::npos; begin = end + 1)
      numbers.push_back(word.substr(begin, (end = word.find(',', begin)) - begin));
  return numbers;
}

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
OPAD_ONCE std::string plain(const Json& value) {
  if (value.is_null()) return "none";
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump();
  std::string text;
  for (const auto& item : value) text.append(text.empty() ? "" : " ").append(plain(item));
  return text;
}

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
OPAD_ONCE void set_from_json(const Option& option, const Json& value, const std::string& where) {
  const auto fits = [&](const Json& item) {
    switch (option.kind) {
      case Option::Kind::Flag:
        return item.is_boolean();
      case Option::Kind::Integer:
        return item.is_number_integer();
      case Option::Kind::Number:
        return item.is_number();
      default:
        return item.is_string();
    }
  };
  const auto misfit = [&](const Json& item) {
    fail(where, ": ", item.dump(-1, ' ', false, Json::error_handler_t::replace), " does not fit; expected ",
         option.type);
  };
  std::vector<std::string> words;
  const auto take = [&](const Json& item) { fits(item) ? words.push_back(option_detail::plain(item)) : misfit(item); };
  if (option.list && value.is_array()) {
    for (const auto& item : value) take(item);
  } else if (!(option.optional && value.is_null())) {
    take(value);
  }
  option.set(words, where);
}

}  // namespace opad
