#pragma once
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

#include <opad/core/error.hpp>
#include <opad/core/once.hpp>
#include <opad/io/input_file.hpp>

namespace opad {

/// Whether there is something of this name. Throws where that cannot be known: a folder without permission, a link that
/// leads back to itself, too long a name.
OPAD_ONCE bool is_there(const std::filesystem::path& path) {
  struct ::stat status{};
  if (::stat(path.c_str(), &status) == 0) return true;
  if (errno != ENOENT && errno != ENOTDIR) fail_by_errno(path, "cannot read");
  return false;
}

/// Whether there is a folder of this name; throws as is_there.
inline bool is_folder(const std::filesystem::path& path) {
  return is_there(path) && std::filesystem::is_directory(path);
}

/// Throws unless this is a folder.
///   advice  what to give in its place, for the message
OPAD_ONCE void require_folder(const std::filesystem::path& path, const char* advice = "give the name of a folder") {
  require(is_there(path), path.string(), ": no such folder; ", advice);
  require(is_folder(path), path.string(), ": not a folder; ", advice);
}

/// Whether an entry of a folder is a regular file, or a link to one.
inline bool is_file(const std::filesystem::directory_entry& entry) {
  std::error_code unreachable;  // such as a link that leads back to itself
  return entry.is_regular_file(unreachable);
}

/// What lies in a folder, in the order of the names.
OPAD_ONCE std::vector<std::filesystem::directory_entry> entries_of(const std::filesystem::path& folder) {
  require_folder(folder);
  std::vector<std::filesystem::directory_entry> entries;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    entries.push_back(*it);
  require(!error, folder.string(), ": cannot be listed: ", error.message());
  std::ranges::sort(entries, {}, [](const auto& entry) { return entry.path().filename(); });
  return entries;
}

}  // namespace opad
