#pragma once
#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <opad/core/error.hpp>
#include <opad/core/once.hpp>
#include <opad/io/atomic_file.hpp>
#include <opad/io/input_file.hpp>

namespace opad {

/// What a run wrote into its folder: files.txt, a name a line, each a file or a folder. A name stands there before what
/// it names is made, so that --overwrite can remove what is the run's, all of it, and nothing else.
inline constexpr const char* manifest_name = "files.txt";

/// The names in it; none where a run has no such file.
OPAD_ONCE std::vector<std::string> read_manifest(const std::filesystem::path& run) {
  std::vector<std::string> names;
  const auto file = run / manifest_name;
  if (!std::filesystem::exists(file)) return names;  // one that cannot be read is no empty one
  std::istringstream lines(read_file(file));
  for (std::string line; std::getline(lines, line);) {
    const std::filesystem::path name = line;
    const bool inside = !line.empty() && name.is_relative() && *name.begin() != ".." && *name.begin() != "." &&
                        std::next(name.begin()) == name.end();
    require(inside, file.string(), ": \"", line, "\" is no name in the run's folder; remove the line");
    names.push_back(line);
  }
  return names;
}

/// Says that names in the run's folder are the run's. Before they are written.
OPAD_ONCE void own_files(const std::filesystem::path& run, const std::vector<std::string>& added) {
  auto names = read_manifest(run);
  const std::size_t known = names.size();
  for (const auto& name : added)
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  if (names.size() == known) return;
  std::string text;
  for (const auto& each : names) text += each + "\n";
  write_atomically(run / manifest_name, text);
}
/// The same of one name.
inline void own_file(const std::filesystem::path& run, const std::string& name) { own_files(run, {name}); }

/// Makes the folder, removes what its manifest lists, and says that these names are the next owner's.
OPAD_ONCE void replace_owned_files(const std::filesystem::path& folder, const std::vector<std::string>& names) {
  std::filesystem::create_directories(folder);
  for (const auto& name : read_manifest(folder)) std::filesystem::remove_all(folder / name);
  std::filesystem::remove(folder / manifest_name);
  own_files(folder, names);
}

}  // namespace opad
