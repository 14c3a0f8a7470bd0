#pragma once
#include <cstdint>
#include <initializer_list>

#include <opad/core/error.hpp>

namespace opad {

/// A whole number that an option was given, and the least that it may be.
struct CountOption {
  const char* name;
  std::int64_t value, least;
};

/// Throws for the first that is less.
inline void require_counts(std::initializer_list<CountOption> options) {
  for (const auto& [name, value, least] : options)
    if (value < least) fail("--", name, " ", value, ": give ", least, " or more");
}

}  // namespace opad
