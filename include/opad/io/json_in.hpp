#pragma once
#include <algorithm>
#include <filesystem>
#include <string_view>

#include <opad/io/json.hpp>

namespace opad {

/// Takes values out of what was read from a JSON file: where one is missing or of another type, that is an Error with
/// the file's name.
///   read  a function without arguments
template <class Read>
auto json_in(const std::filesystem::path& file, const Read& read) -> decltype(read()) {
  try {
    return read();
  } catch (const nlohmann::json::exception& error) {  // "[json.exception.type_error.302] type must be ..."
    std::string_view what = error.what();
    what.remove_prefix(std::min(what.size(), what.find(']') + 2));
    fail(file.string(), ": is not as it should be: ", what.substr(0, 300), "; was it written by another program?");
  }
}

}  // namespace opad
