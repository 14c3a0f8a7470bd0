#pragma once
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>
#include <utility>

#include <opad/core/once.hpp>
#include <opad/io/input_file.hpp>

namespace opad {

/// A file that only grows. Bytes are with the operating system when append() is back, and on the disk when
/// flush_to_disk() is. Throws with the system's own reason, such as "No space left on device". Its folder must exist.
class AppendedFile {
 public:
  OPAD_ONCE explicit AppendedFile(std::filesystem::path path)
      : path_(std::move(path)),
        file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) {
    if (file_ < 0) fail_by_errno(path_, "cannot write");
  }
  ~AppendedFile() { ::close(file_); }
  AppendedFile(const AppendedFile&) = delete;
  AppendedFile& operator=(const AppendedFile&) = delete;

  OPAD_ONCE void append(std::string_view bytes) {
    while (!bytes.empty()) {
      const ::ssize_t written = ::write(file_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) fail_by_errno(path_, "cannot write");
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  OPAD_ONCE void flush_to_disk() const {
    if (::fsync(file_) != 0) fail_by_errno(path_, "cannot write");
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  int file_;
};

}  // namespace opad
