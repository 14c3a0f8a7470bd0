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
  explicit AtomicFile(std::filesystem::path target);
  ~AtomicFile();
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
  void commit();

 private:
  void write_at(std::uint64_t place, const void* data, std::size_t size);
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

/// The name of the file that a kill left unfinished under this temporary name; "" for other names.
std::string unfinished_file(const std::string& name);

/// Replaces the file's content as a whole, or leaves it as it was and throws.
void write_atomically(const std::filesystem::path& path, std::string_view bytes);

/// Makes what was written to a file durable, or the names in a folder where the file system can.
void flush_to_disk(const std::filesystem::path& path);

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/io/detail/atomic_file.hpp>
#endif
