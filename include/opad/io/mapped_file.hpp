#pragma once
#include <sys/mman.h>

#include <cstddef>
#include <filesystem>
#include <span>

#include <opad/core/once.hpp>
#include <opad/io/input_file.hpp>

namespace opad {

/// A file's bytes as memory, read when touched. Writing to them changes this process's copy only, page by page, never
/// the file. The file may be replaced (renamed over) while it is mapped, but not shortened.
class MappedFile {
 public:
  OPAD_ONCE explicit MappedFile(const std::filesystem::path& path) {
    const InputFile file(path);
    size_ = static_cast<std::size_t>(file.size());
    constexpr int access = PROT_READ | PROT_WRITE, mode = MAP_PRIVATE | MAP_NORESERVE;
    if (size_ == 0) return;
    data_ = ::mmap(nullptr, size_, access, mode, file.descriptor(), 0);
    if (data_ == MAP_FAILED) fail_by_errno(path, "cannot map into memory");
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
