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
  ConfigReader(const Json& json, const std::string& where);

  void operator()(const char* key, bool& value) const;
  void operator()(const char* key, std::int64_t& value) const;
  void operator()(const char* key, double& value) const;
  void operator()(const char* key, std::string& value) const;
  void operator()(const char* key, std::vector<std::string>& value) const;
  void operator()(const char* key, std::vector<std::int64_t>& value) const;
  void operator()(const char* key, std::vector<double>& value) const;

  /// One integer for all levels, or a list with one for each.
  void per_level(const char* key, std::vector<std::int64_t>& value, std::size_t levels) const;

  /// One truth value for all levels, or a list with one for each.
  void per_level(const char* key, std::vector<bool>& value, std::size_t levels) const;

  /// Options that this implementation knows only with the value given here: anything else would silently be another
  /// model.
  void only(const Json& supported) const;

  /// For the few keys whose null says something.
  bool null(const char* key) const;

 private:
  /// The key's value, null where there is none.
  const Json* find(const std::string& key) const;
  static bool integer(const Json& j);
  static bool text(const Json& j);
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

/// Throws unless a diffusers model has levels, and each of them its channels, its block down and its block up.
inline void require_as_many_levels(const std::string& where, const std::vector<std::int64_t>& block_out_channels,
                                   const std::vector<std::string>& down_block_types,
                                   const std::vector<std::string>& up_block_types) {
  const std::size_t levels = block_out_channels.size();
  require(levels > 0 && down_block_types.size() == levels && up_block_types.size() == levels, where,
          ": block_out_channels, down_block_types and up_block_types list ", levels, ", ", down_block_types.size(),
          " and ", up_block_types.size(), " levels; give as many of each");
}

/// As config.json spells a per-level option: a number when it is the same everywhere.
template <class T>
Json per_level_json(const std::vector<T>& values) {
  return values.size() == 1 ? Json(T(values[0])) : Json(values);
}

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/models/detail/config.hpp>
#endif
