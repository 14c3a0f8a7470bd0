#pragma once
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <opad/core/error.hpp>
#include <opad/core/once.hpp>
#include <opad/io/input_file.hpp>

namespace opad {

/// A file that appears whole or not at all: written under a temporary name beside its target, flushed to the disk,
/// renamed. Until commit() the target is as it was; without commit() nothing is left. Folders above the target are
/// made.
class AtomicFile {
 public:
  OPAD_ONCE explicit AtomicFile(std::filesystem::path target) : target_(std::move(target)) {
    std::error_code error;
    if (std::filesystem::is_symlink(target_, error)) {
      const auto file = std::filesystem::weakly_canonical(target_, error);
      require(!error, target_.string(), ": cannot write: ", error.message());
      target_ = file;
    }
    error.clear();  // a target that does not exist yet is no error
    require(target_.has_filename(), target_.string(), ": is a folder; give the name of a file");
    struct ::stat status{};
    if (::stat(target_.c_str(), &status) == 0 && !S_ISREG(status.st_mode))  // the file would take a device's place
      fail(target_.string(), ": is ", kind_of_file(status.st_mode), "; give the name of a file");
    if (target_.has_parent_path()) std::filesystem::create_directories(target_.parent_path(), error);
    require(!error, target_.string(), ": cannot make its folder: ", error.message());
    for (int attempt = 0; file_ < 0; ++attempt) {
      temporary_ = target_;
      temporary_.replace_filename(c10::str(".", target_.filename().string(), ".", ::getpid(), "-", attempt, ".tmp"));
      file_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (file_ < 0 && errno != EEXIST) fail_by_errno(target_, "cannot write");
    }
  }
  OPAD_ONCE ~AtomicFile() {
    if (file_ < 0) return;
    ::close(file_);
    ::unlink(temporary_.c_str());
  }
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, std::size_t size) {
    write_at(end_, data, size);
    end_ += size;
  }
  void write(std::string_view bytes) { write(bytes.data(), bytes.size()); }
  /// Replaces the first bytes, which were written before.
  void rewrite_head(std::string_view bytes) { write_at(0, bytes.data(), bytes.size()); }

  /// Puts the file in place.
  OPAD_ONCE void commit() {
    if (::fsync(file_) != 0) fail_by_errno(target_, "cannot write");
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail_by_errno(target_, "cannot write");
    ::close(std::exchange(file_, -1));
    sync_folder();
  }

 private:
  OPAD_ONCE void write_at(std::uint64_t place, const void* data, std::size_t size) {
    for (auto from = static_cast<const char*>(data); size > 0;) {
      const ::ssize_t written = ::pwrite(file_, from, size, static_cast<::off_t>(place));
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) fail_by_errno(target_, "cannot write");
      from += written, place += static_cast<std::uint64_t>(written), size -= static_cast<std::size_t>(written);
    }
  }
  /// Makes the rename itself durable. Not every file system can, and the file is whole either way: failure is no error.
  void sync_folder() const {
    const int folder = ::open(target_.has_parent_path() ? target_.parent_path().c_str() : ".", O_RDONLY | O_CLOEXEC);
    if (folder < 0) return;
    ::fsync(folder);
    ::close(folder);
  }

  std::filesystem::path target_, temporary_;
  int file_ = -1;
  std::uint64_t end_ = 0;
};

/// Replaces the file's content as a whole, or leaves it as it was and throws.
OPAD_ONCE void write_atomically(const std::filesystem::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace opad
