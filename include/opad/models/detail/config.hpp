#pragma once
#include <opad/models/config.hpp>

namespace opad {

OPAD_ONCE ConfigReader::ConfigReader(const Json& json, const std::string& where) : json_(json), where_(where) {
  require(json.is_object(), where, ": the config must be a JSON object");
}

OPAD_ONCE void ConfigReader::operator()(const char* key, bool& value) const {
  read(key, value, "true or false", [](const Json& j) { return j.is_boolean(); });
}

OPAD_ONCE void ConfigReader::operator()(const char* key, std::int64_t& value) const {
  read(key, value, "an integer", integer);
}

OPAD_ONCE void ConfigReader::operator()(const char* key, double& value) const {
  read(key, value, "a number", [](const Json& j) { return j.is_number(); });
}

OPAD_ONCE void ConfigReader::operator()(const char* key, std::string& value) const { read(key, value, "a text", text); }

OPAD_ONCE void ConfigReader::operator()(const char* key, std::vector<std::string>& value) const {
  read(key, value, "a list of texts", [](const Json& j) { return list_of(j, text); });
}

OPAD_ONCE void ConfigReader::operator()(const char* key, std::vector<std::int64_t>& value) const {
  read(key, value, "a list of integers", [](const Json& j) { return list_of(j, integer); });
}

OPAD_ONCE void ConfigReader::operator()(const char* key, std::vector<double>& value) const {
  read(key, value, "a list of numbers",
       [](const Json& j) { return list_of(j, [](const Json& item) { return item.is_number(); }); });
}

OPAD_ONCE void ConfigReader::per_level(const char* key, std::vector<std::int64_t>& value, std::size_t levels) const {
  const Json* const found = find(key);
  if (found && integer(*found)) {
    value = {found->get<std::int64_t>()};
    return;
  }
  (*this)(key, value);
  require(!found || value.size() == levels, where_, ": ", key, " lists ", value.size(), " values for ", levels,
          " levels");
}

OPAD_ONCE void ConfigReader::per_level(const char* key, std::vector<bool>& value, std::size_t levels) const {
  const Json* const found = find(key);
  if (!found) return;
  const auto truth = [](const Json& j) { return j.is_boolean(); };
  require(truth(*found) || list_of(*found, truth), where_, ": ", key, " = ", brief(*found),
          " is not true or false, or a list of these");
  value = found->is_boolean() ? std::vector<bool>{found->get<bool>()} : found->get<std::vector<bool>>();
  require(value.size() == 1 || value.size() == levels, where_, ": ", key, " lists ", value.size(), " values for ",
          levels, " levels");
}

OPAD_ONCE void ConfigReader::only(const Json& supported) const {
  for (const auto& [key, value] : supported.items())
    if (const Json* const found = find(key); found && *found != value && !(value.is_null() && *found == Json(false)))
      fail(where_, ": ", key, " = ", brief(*found), " is not supported, only ", value.dump());
}

OPAD_ONCE bool ConfigReader::null(const char* key) const { return json_.contains(key) && json_.at(key).is_null(); }

OPAD_ONCE const Json* ConfigReader::find(const std::string& key) const {
  const auto found = json_.find(key);
  return found == json_.end() || found->is_null() ? nullptr : &*found;
}

OPAD_ONCE bool ConfigReader::integer(const Json& j) { return j.is_number_integer(); }

OPAD_ONCE bool ConfigReader::text(const Json& j) { return j.is_string(); }

}  // namespace opad
