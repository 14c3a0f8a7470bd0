#pragma once
#include <c10/util/StringUtil.h>
#include <stdexcept>
#include <string>

namespace opad {

/// What a user can cause and mend: the message says what is wrong, where, and what to do. Programs print it as one line
/// and leave with exit code 2.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws Error(message parts, put together).
template <class... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  throw Error(c10::str(parts...));
}

/// Throws Error(message parts, put together) unless ok. The message is only put together on failure, but its parts are
/// evaluated always: where a part only exists on failure, write `if (!ok) fail(...)`.
template <class... Parts>
void require(bool ok, const Parts&... parts) {
  if (!ok) [[unlikely]]
    fail(parts...);
}

}  // namespace opad
