#pragma once
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <opad/core/error.hpp>
#include <opad/core/once.hpp>

namespace opad {

/// What an option names, to be read.
struct NamedPath {
  std::string option;
  std::filesystem::path path;  // empty: not given
};

/// A program writes into its output, and may be told to replace it: so it may not be, hold or lie in what another
/// option names. Links are followed.
///   advice  what to give
OPAD_ONCE void require_output_apart(const std::filesystem::path& output, const std::vector<NamedPath>& read,
                                    const std::string& advice) {
  namespace fs = std::filesystem;
  const auto real = [](const fs::path& path) {
    const auto whole = fs::weakly_canonical(fs::absolute(path)).lexically_normal();
    return whole.has_filename() ? whole : whole.parent_path();
  };
  const auto within = [](const fs::path& inner, const fs::path& outer) {
    return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
  };
  const fs::path written = real(output);
  for (const auto& [option, path] : read) {
    if (path.empty()) continue;
    const fs::path other = real(path);
    if (within(written, other) || within(other, written))
      fail("--output ", output.string(), within(written, other) ? " lies in" : " holds", " what --", option, " names, ",
           path.string(), "; ", advice);
  }
}

}  // namespace opad
