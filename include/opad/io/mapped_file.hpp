#pragma once
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <span>

#include <opad/core/error.hpp>
#include <opad/core/once.hpp>

namespace opad {

/// A file's bytes as memory, read when touched. Writing to them changes this process's copy only, page by page, never
/// the file. The file may be replaced (renamed over) while it is mapped, but not shortened.
class MappedFile {
 public:
  OPAD_ONCE explicit MappedFile(const std::filesystem::path& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    require(file >= 0, path.string(), ": cannot read: ", std::strerror(errno));
    struct ::stat status{};
    const bool regular = ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
    size_ = static_cast<std::size_t>(status.st_size);
    constexpr int access = PROT_READ | PROT_WRITE, mode = MAP_PRIVATE | MAP_NORESERVE;
    if (regular && size_ > 0) data_ = ::mmap(nullptr, size_, access, mode, file, 0);
    const int error = errno;
    ::close(file);
    require(regular, path.string(), ": is not a file");
    require(data_ != MAP_FAILED, path.string(), ": cannot map into memory: ", std::strerror(error));
  }
  OPAD_ONCE ~MappedFile() {
    if (size_ > 0) ::munmap(data_, size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<std::byte> bytes() const { return {static_cast<std::byte*>(data_), size_}; }

 private:
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace opad
