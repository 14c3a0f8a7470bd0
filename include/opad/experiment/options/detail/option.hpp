#pragma once
#include <opad/experiment/options/option.hpp>

namespace opad {

namespace option_detail {
OPAD_ONCE void read(const std::string& word, bool& value, const std::string& where) {
  for (const auto* yes : {"true", "yes", "on", "1"})
    if (word == yes) return void(value = true);
  for (const auto* no : {"false", "no", "off", "0"})
    if (word == no) return void(value = false);
  fail(where, ": \"", word, "\" is neither yes nor no; give true or false");
}
}  // namespace option_detail

namespace option_detail {
OPAD_ONCE void read(const std::string& word, double& value, const std::string& where) {
  double number{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  require(error != std::errc::result_out_of_range, where, ": ", word, " is out of range of a 64-bit number");
  require(error == std::errc{} && end == word.data() + word.size() && std::isfinite(number), where, ": \"", word,
          "\" is not a finite number; give one such as 0.5 or 1e-5");
  value = number;
}
}  // namespace option_detail

namespace option_detail {
OPAD_ONCE std::vector<std::string> split_numbers(const std::vector<std::string>& words) {
  std::vector<std::string> numbers;
  for (const auto& word : words)
    for (std::size_t begin = 0, end = 0; end != std::string::npos; begin = end + 1)
      numbers.push_back(word.substr(begin, (end = word.find(',', begin)) - begin));
  return numbers;
}
}  // namespace option_detail

namespace option_detail {
OPAD_ONCE std::string plain(const Json& value) {
  if (value.is_null()) return "none";
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump();
  std::string text;
  for (const auto& item : value) text.append(text.empty() ? "" : " ").append(plain(item));
  return text;
}
}  // namespace option_detail

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
