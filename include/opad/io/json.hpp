#pragma once
#include <algorithm>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/io/atomic_file.hpp>

namespace opad {

/// JSON values that keep the order of their keys. A key is found by looking at one after the other: read what has
/// thousands of keys (a vocabulary) with read_json<nlohmann::json>.
using Json = nlohmann::ordered_json;

/// A value for an error message: cut off where it is long.
template <class Value>
std::string brief(const Value& value) {
  constexpr std::size_t most = 100;
  std::string text = value.dump(-1, ' ', true, Value::error_handler_t::replace);
  if (text.size() > most) text = text.substr(0, most) + "...";
  return text;
}

/// Parses a JSON text strictly: nothing may follow the value, no key may come twice in an object, nesting ends at 200
/// levels, a Json object at 10,000 keys, since looking them up takes the square of that. `where` begins every message,
/// which names line and column.
template <class Value = Json>
Value parse_json(std::string_view text, const std::string& where) {
  constexpr int deepest = 200;
  constexpr std::size_t most_keys = std::is_same_v<Value, Json> ? 10'000 : std::numeric_limits<std::size_t>::max();
  if (const auto other = stand_in(text); !other.empty()) fail(where, ": is ", other);
  require(text.find('\0') == text.npos, where,
          ": not JSON: holds a zero byte");  // the library would take it for the end
  std::vector<std::set<std::string>> keys;   // of the objects that are open, by depth
  using Event = typename Value::parse_event_t;
  const auto check = [&](int depth, Event event, Value& parsed) {
    require(depth <= deepest, where, ": not read: nested more than ", deepest, " levels deep");
    if (event == Event::object_start) {
      keys.resize(static_cast<std::size_t>(depth));
      keys.emplace_back();
    } else if (event == Event::key) {
      const auto& name = parsed.template get_ref<const std::string&>();
      auto& known = keys.at(static_cast<std::size_t>(depth) - 1);
      if (!known.insert(name).second) fail(where, ": the key '", name.substr(0, 100), "' comes twice");
      if (known.size() > most_keys) fail(where, ": not read: an object of more than ", most_keys, " keys");
    }
    return true;
  };
  try {
    return Value::parse(text, check);
  } catch (const nlohmann::json::exception& error) {
    std::string_view what = error.what();  // "[json.exception...] parse error at line 2, column 1: ..."
    what.remove_prefix(std::min(what.size(), what.find(']') + 2));
    fail(where, ": not JSON: ", what.substr(0, 300));  // it quotes the last token, however long that is
  }
}

/// Reads a JSON file. Throws with the file's name, line and column.
template <class Value = Json>
Value read_json(const std::filesystem::path& path) {
  return parse_json<Value>(read_file(path), path.string());
}

/// Writes a JSON file, indented by two, as a whole or not at all. Bytes that are not UTF-8 become U+FFFD.
void write_json(const std::filesystem::path& path, const Json& value);

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/io/detail/json.hpp>
#endif
