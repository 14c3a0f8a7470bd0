#pragma once
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

#include <opad/core/error.hpp>
#include <opad/core/once.hpp>

namespace opad {

/// Throws Error("PATH: WHAT: why the last system call failed"). It takes the path as it is: whatever ran between the
/// call and this one, even making a string of the path, could change errno.
[[noreturn]] inline void fail_by_errno(const std::filesystem::path& path, const char* what) {
  const int reason = errno;
  fail(path.string(), ": ", what, ": ", std::strerror(reason));
}

/// What a mode of stat() says that a file is, in words; "" for a regular file.
inline std::string_view kind_of_file(::mode_t mode) {
  if (S_ISREG(mode)) return "";
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a fifo";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

/// What a file is that lies where another belongs, and what to do: a clone without git-lfs leaves pointers, a download
/// from the wrong address a page. "" if it is neither.
inline std::string_view stand_in(std::string_view bytes) {
  if (bytes.starts_with("version https://git-lfs.github.com/spec/"))
    return "a pointer of git-lfs, not the file itself; fetch that with `git lfs pull`";
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  while (!bytes.empty() && std::isspace(static_cast<unsigned char>(bytes[0]))) bytes.remove_prefix(1);
  const auto begins_with = [&](std::string_view tag) {
    return bytes.size() >= tag.size() && std::equal(tag.begin(), tag.end(), bytes.begin(), [](char a, char b) {
             return a == std::tolower(static_cast<unsigned char>(b));
           });
  };
  if (begins_with("<!doctype html") || begins_with("<html") || begins_with("<?xml"))
    return "a web page, not the file itself; download it again, by the address of the file and not of its page";
  return "";
}

/// A regular file, opened for reading; everything that opad reads is opened here. What would block for ever or never
/// end (fifo, socket, device) is refused at once, and so is what cannot be opened, with the system's reason.
class InputFile {
 public:
  OPAD_ONCE explicit InputFile(std::filesystem::path path) : path_(std::move(path)) {
    // a fifo that nobody writes to would block here
    file_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file_ < 0 && (errno == ENOENT || errno == ENOTDIR)) fail(path_.string(), ": no such file");
    struct ::stat status{};
    if (file_ < 0 && errno == ENXIO && ::stat(path_.c_str(), &status) == 0) refuse(status.st_mode);  // a socket
    if (file_ < 0) fail_by_errno(path_, "cannot read");
    try {
      if (::fstat(file_, &status) != 0) fail_by_errno(path_, "cannot read");
      if (!S_ISREG(status.st_mode)) refuse(status.st_mode);
    } catch (...) {
      ::close(file_);
      throw;
    }
    size_ = static_cast<std::uint64_t>(status.st_size);
  }
  OPAD_ONCE ~InputFile() { ::close(file_); }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  int descriptor() const { return file_; }
  std::uint64_t size() const { return size_; }

  /// Up to `most` bytes from the start; fewer where the file ends.
  OPAD_ONCE std::string head(std::uint64_t most) const {
    std::string bytes;
    while (bytes.size() < most) {
      const std::size_t before = bytes.size();
      // the size is only a hint: files of /proc have none, others may grow
      const std::uint64_t hint = size_ > before ? size_ - before : 1 << 16;
      bytes.resize(before + std::min<std::uint64_t>(most - before, hint));
      const ::ssize_t got = ::pread(file_, bytes.data() + before, bytes.size() - before, static_cast<::off_t>(before));
      if (got < 0 && errno != EINTR) fail_by_errno(path_, "cannot read");
      bytes.resize(before + static_cast<std::size_t>(std::max<::ssize_t>(got, 0)));
      if (got == 0) break;
    }
    return bytes;
  }

 private:
  [[noreturn]] void refuse(::mode_t mode) const {
    fail(path_.string(), ": is ", kind_of_file(mode), "; give the name of a file");
  }

  std::filesystem::path path_;
  int file_ = -1;
  std::uint64_t size_ = 0;
};

/// Configurations, vocabularies and lists of prompts are smaller than this.
inline constexpr std::uint64_t most_text_bytes = std::uint64_t{64} << 20;

/// The bytes of a file.
///   most  more than so many are refused, before they are read
OPAD_ONCE std::string read_file(const std::filesystem::path& path, std::uint64_t most = most_text_bytes) {
  const InputFile file(path);
  std::string bytes = file.size() > most ? std::string() : file.head(most + 1);
  require(file.size() <= most && bytes.size() <= most, path.string(), ": not read: it has more than ", most >> 20,
          " MiB; is this the right file?");
  if (const auto other = stand_in(bytes); !other.empty()) fail(path.string(), ": is ", other);
  return bytes;
}

}  // namespace opad
