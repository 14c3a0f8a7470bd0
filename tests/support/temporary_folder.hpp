#pragma once
#include <unistd.h>
#include <atomic>
#include <filesystem>
#include <iterator>
#include <string>

/// A new empty folder, removed with what is in it.
struct TemporaryFolder {
  std::filesystem::path path;
  TemporaryFolder() {
    static std::atomic<int> count = 0;
    path =
        std::filesystem::temp_directory_path() / ("opad-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
    std::filesystem::create_directories(path);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::filesystem::path operator/(const std::filesystem::path& name) const { return path / name; }
  std::ptrdiff_t entries() const { return std::distance(std::filesystem::directory_iterator(path), {}); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
};
