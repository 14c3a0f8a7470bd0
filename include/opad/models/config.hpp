#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <opad/core/error.hpp>
#include <opad/io/json.hpp>

namespace opad {

/// Reads a model's config.json strictly: an absent key leaves the default in place, and so does null, which Python's
/// libraries write for what is not said; an unknown key is ignored, a key of the wrong type is an error that names the
/// file and the key. read("norm_num_groups", config.norm_num_groups);
class ConfigReader {
 public:
  /// where  the file's name, for error messages
  ConfigReader(const Json& json, const std::string& where) : json_(json), where_(where) {
    require(json.is_object(), where, ": the config must be a JSON object");
  }

  void operator()(const char* key, bool& value) const {
    read(key, value, "true or false", [](const Json& j) { return j.is_boolean(); });
  }
  void operator()(const char* key, std::int64_t& value) const { read(key, value, "an integer", integer); }
  void operator()(const char* key, double& value) const {
    read(key, value, "a number", [](const Json& j) { return j.is_number(); });
  }
  void operator()(const char* key, std::string& value) const { read(key, value, "a text", text); }
  void operator()(const char* key, std::vector<std::string>& value) const {
    read(key, value, "a list of texts", [](const Json& j) { return list_of(j, text); });
  }
  void operator()(const char* key, std::vector<std::int64_t>& value) const {
    read(key, value, "a list of integers", [](const Json& j) { return list_of(j, integer); });
  }
  void operator()(const char* key, std::vector<double>& value) const {
    read(key, value, "a list of numbers",
         [](const Json& j) { return list_of(j, [](const Json& item) { return item.is_number(); }); });
  }

  /// One integer for all levels, or a list with one for each.
  void per_level(const char* key, std::vector<std::int64_t>& value, std::size_t levels) const {
    const Json* const found = find(key);
    if (found && integer(*found)) {
      value = {found->get<std::int64_t>()};
      return;
    }
    (*this)(key, value);
    require(!found || value.size() == levels, where_, ": ", key, " lists ", value.size(), " values for ", levels,
            " levels");
  }

  /// One truth value for all levels, or a list with one for each.
  void per_level(const char* key, std::vector<bool>& value, std::size_t levels) const {
    const Json* const found = find(key);
    if (!found) return;
    const auto truth = [](const Json& j) { return j.is_boolean(); };
    require(truth(*found) || list_of(*found, truth), where_, ": ", key, " = ", brief(*found),
            " is not true or false, or a list of these");
    value = found->is_boolean() ? std::vector<bool>{found->get<bool>()} : found->get<std::vector<bool>>();
    require(value.size() == 1 || value.size() == levels, where_, ": ", key, " lists ", value.size(), " values for ",
            levels, " levels");
  }

  /// Options that this implementation knows only with the value given here: anything else would silently be another
  /// model.
  void only(const Json& supported) const {
    for (const auto& [key, value] : supported.items())
      if (const Json* const found = find(key); found && *found != value && !(value.is_null() && *found == Json(false)))
        fail(where_, ": ", key, " = ", brief(*found), " is not supported, only ", value.dump());
  }

  /// For the few keys whose null says something.
  bool null(const char* key) const { return json_.contains(key) && json_.at(key).is_null(); }

 private:
  /// The key's value, null where there is none.
  const Json* find(const std::string& key) const {
    const auto found = json_.find(key);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
  }
  static bool integer(const Json& j) { return j.is_number_integer(); }
  static bool text(const Json& j) { return j.is_string(); }
  template <class Is>
  static bool list_of(const Json& j, const Is& is) {
    return j.is_array() && std::all_of(j.begin(), j.end(), is);
  }
  template <class T, class Is>
  void read(const char* key, T& value, const char* kind, const Is& is) const {
    const Json* const found = find(key);
    if (!found) return;
    if (!is(*found)) fail(where_, ": ", key, " = ", brief(*found), " is not ", kind);
    value = found->template get<T>();
  }

  const Json& json_;
  std::string where_;
};

/// The value of a per-level option: one for all levels, or one for each.
template <class T>
T at_level(const std::vector<T>& values, std::size_t level) {
  return values.size() == 1 ? values[0] : values[level];
}

/// Throws unless every value of a key is a size that a layer can have and, with `levels`, there is one value or one for
/// each level.
inline void require_sizes(const std::string& where, const char* key, const std::vector<std::int64_t>& values,
                          std::size_t levels = 0) {
  require(levels == 0 || values.size() == 1 || values.size() == levels, where, ": ", key, " lists ", values.size(),
          " values for ", levels, " levels; give one, or one for each level");
  for (const std::int64_t value : values)
    require(0 < value && value <= 1 << 20, where, ": ", key, " = ", value, "; give a number from 1 to 2^20");
}

/// As config.json spells a per-level option: a number when it is the same everywhere.
template <class T>
Json per_level_json(const std::vector<T>& values) {
  return values.size() == 1 ? Json(T(values[0])) : Json(values);
}

}  // namespace opad
