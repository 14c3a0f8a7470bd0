#pragma once
#include <torch/version.h>

#include <string>

#include <opad/core/once.hpp>
#include <opad/io/json.hpp>

namespace opad {

/// opad's own version: that of CMakeLists.txt, which a test compares.
inline constexpr const char* version = "0.1.0";

/// What a run was made with.
OPAD_ONCE Json versions() {
#ifdef __clang__
  const std::string compiler = "clang++ " __clang_version__;
#else
  const std::string compiler = "g++ " __VERSION__;
#endif
  return {{"opad", version}, {"libtorch", TORCH_VERSION}, {"compiler", compiler}};
}

}  // namespace opad
