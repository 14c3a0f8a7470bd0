#pragma once
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

namespace fs = std::filesystem;

/// A folder of its own, removed at the end.
struct ScratchFolder {
  fs::path path = fs::temp_directory_path() / ("opad-test-" + std::to_string(std::random_device{}()));
  ScratchFolder() { fs::create_directories(path); }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  fs::path operator/(const std::string& name) const { return path / name; }
};

inline std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
inline void write_text(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

struct Finished {
  int code;
  std::string output, errors;
  /// The line that says what went wrong.
  std::size_t error_lines() const { return static_cast<std::size_t>(std::count(errors.begin(), errors.end(), '\n')); }
};

/// Runs a program of the build with arguments for the shell, and waits for it.
inline Finished start(const std::string& program, const std::string& arguments, const std::string& before = "") {
  const ScratchFolder scratch;
  const fs::path out = scratch / "out", err = scratch / "err";
  const std::string command = before + " OMP_NUM_THREADS=1 '" OPAD_BINARY_DIR "/bin/" + program + "' " + arguments +
                              " >'" + out.string() + "' 2>'" + err.string() + "'";
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_text(out), read_text(err)};
}

inline const std::string tiny = OPAD_SOURCE_DIR "/models/tiny";
inline const std::string photos = OPAD_SOURCE_DIR "/data/photos/cat";
