#pragma once
#include <opad/io/json.hpp>

namespace opad {

OPAD_ONCE void write_json(const std::filesystem::path& path, const Json& value) {
  write_atomically(path, value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace opad
