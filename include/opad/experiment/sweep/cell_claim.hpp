#pragma once
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include <opad/core/error.hpp>

namespace opad {

/// One worker's hold on a cell of a sweep, or on the sweep's report: a lock on OUTPUT/.claims/CELL that ends with the
/// process, however that ends. Machines that share the folder share the locks, where its file system knows them.
class CellClaim {
 public:
  /// None: another worker has it.
  static std::optional<CellClaim> take(const std::filesystem::path& output, const std::string& cell) {
    const auto file = path(output, cell);
    std::filesystem::create_directories(file.parent_path());
    return locked(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666), file, LOCK_EX);
  }
  /// Whether a worker has it, without taking it.
  static bool is_taken(const std::filesystem::path& output, const std::string& cell) {
    return file_is_locked(path(output, cell));
  }
  /// Whether a process has locked this file, should it be there.
  static bool file_is_locked(const std::filesystem::path& file) {
    if (!std::filesystem::exists(file)) return false;
    return !locked(::open(file.c_str(), O_RDONLY | O_CLOEXEC), file, LOCK_SH).has_value();
  }
  static std::filesystem::path path(const std::filesystem::path& output, const std::string& cell) {
    std::string name = cell;
    std::ranges::replace(name, '/', '.');
    return output / ".claims" / name;
  }
  CellClaim(CellClaim&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  CellClaim& operator=(CellClaim&&) = delete;
  ~CellClaim() {
    if (file_ >= 0) ::close(file_);
  }

 private:
  explicit CellClaim(int file) : file_(file) {}
  static std::optional<CellClaim> locked(int file, const std::filesystem::path& path, int kind) {
    require(file >= 0, path.string(), ": cannot open: ", std::strerror(errno));
    if (::flock(file, kind | LOCK_NB) == 0) return CellClaim(file);
    const int error = errno;
    ::close(file);
    require(error == EWOULDBLOCK, path.string(), ": this file system has no locks that workers could share (",
            std::strerror(error), "); give each worker its --shard");
    return std::nullopt;
  }
  int file_;
};

}  // namespace opad
