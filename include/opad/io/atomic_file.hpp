#pragma once
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <opad/core/error.hpp>
#include <opad/core/once.hpp>

namespace opad {

/// A file that appears whole or not at all: written under a temporary name beside its target, flushed to the disk,
/// renamed. Until commit() the target is as it was; without commit() nothing is left. Folders above the target are
/// made.
class AtomicFile {
 public:
  OPAD_ONCE explicit AtomicFile(std::filesystem::path target) : target_(std::move(target)) {
    std::error_code error;
    if (std::filesystem::is_symlink(target_, error)) target_ = std::filesystem::weakly_canonical(target_);
    require(target_.has_filename() && !std::filesystem::is_directory(target_, error), target_.string(),
            ": is a folder; give the name of a file");
    error.clear();  // a target that does not exist yet is no error
    if (target_.has_parent_path()) std::filesystem::create_directories(target_.parent_path(), error);
    require(!error, target_.string(), ": cannot make its folder: ", error.message());
    for (int attempt = 0; file_ < 0; ++attempt) {
      temporary_ = target_;
      temporary_.replace_filename(c10::str(".", target_.filename().string(), ".", ::getpid(), "-", attempt, ".tmp"));
      file_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      require(file_ >= 0 || errno == EEXIST, target_.string(), ": cannot write: ", std::strerror(errno));
    }
  }
  OPAD_ONCE ~AtomicFile() {
    if (file_ < 0) return;
    ::close(file_);
    ::unlink(temporary_.c_str());
  }
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  OPAD_ONCE void write(const void* data, std::size_t size) {
    for (auto from = static_cast<const char*>(data); size > 0;) {
      const ::ssize_t written = ::write(file_, from, size);
      if (written < 0 && errno == EINTR) continue;
      require(written > 0, target_.string(), ": cannot write: ", std::strerror(errno));
      from += written, size -= static_cast<std::size_t>(written);
    }
  }
  void write(std::string_view bytes) { write(bytes.data(), bytes.size()); }

  /// Puts the file in place.
  OPAD_ONCE void commit() {
    require(::fsync(file_) == 0, target_.string(), ": cannot write: ", std::strerror(errno));
    require(::rename(temporary_.c_str(), target_.c_str()) == 0, target_.string(),
            ": cannot write: ", std::strerror(errno));
    ::close(std::exchange(file_, -1));
    sync_folder();
  }

 private:
  /// Makes the rename itself durable. Not every file system can, and the file is whole either way: failure is no error.
  void sync_folder() const {
    const int folder = ::open(target_.has_parent_path() ? target_.parent_path().c_str() : ".", O_RDONLY | O_CLOEXEC);
    if (folder < 0) return;
    ::fsync(folder);
    ::close(folder);
  }

  std::filesystem::path target_, temporary_;
  int file_ = -1;
};

/// Replaces the file's content as a whole, or leaves it as it was and throws.
OPAD_ONCE void write_atomically(const std::filesystem::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

/// The bytes of a file.
OPAD_ONCE std::string read_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  require(std::filesystem::exists(status), path.string(), ": no such file");
  require(!std::filesystem::is_directory(status), path.string(), ": is a folder; give the name of a file");
  std::ifstream file(path, std::ios::binary);
  require(file.good(), path.string(), ": cannot read: ", std::strerror(errno));
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  require(!file.bad(), path.string(), ": cannot read: ", std::strerror(errno));
  return bytes;
}

}  // namespace opad
