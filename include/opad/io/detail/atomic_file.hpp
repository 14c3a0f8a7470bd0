#pragma once
#include <opad/io/atomic_file.hpp>

namespace opad {

OPAD_ONCE AtomicFile::AtomicFile(std::filesystem::path target) : target_(std::move(target)) {
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

OPAD_ONCE AtomicFile::~AtomicFile() {
  if (file_ < 0) return;
  ::close(file_);
  ::unlink(temporary_.c_str());
}

OPAD_ONCE std::string unfinished_file(const std::string& name) {
  constexpr std::string_view ending = ".tmp";
  if (!name.starts_with('.') || !name.ends_with(ending)) return "";
  const std::string stem = name.substr(0, name.size() - ending.size());  // .NAME.PROCESS-ATTEMPT
  const auto dot = stem.rfind('.');
  const std::string process = stem.substr(dot + 1);
  const bool own = dot > 0 && !process.empty() && process.find_first_not_of("0123456789-") == process.npos;
  return own ? stem.substr(1, dot - 1) : "";
}

OPAD_ONCE void AtomicFile::commit() {
  if (::fsync(file_) != 0) fail_by_errno(target_, "cannot write");
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail_by_errno(target_, "cannot write");
  ::close(std::exchange(file_, -1));
  sync_folder();
}

OPAD_ONCE void AtomicFile::write_at(std::uint64_t place, const void* data, std::size_t size) {
  for (auto from = static_cast<const char*>(data); size > 0;) {
    const ::ssize_t written = ::pwrite(file_, from, size, static_cast<::off_t>(place));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail_by_errno(target_, "cannot write");
    from += written, place += static_cast<std::uint64_t>(written), size -= static_cast<std::size_t>(written);
  }
}

OPAD_ONCE void write_atomically(const std::filesystem::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

OPAD_ONCE void flush_to_disk(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) fail_by_errno(path, "cannot open");
  const int error = ::fsync(file) == 0 ? 0 : errno;
  ::close(file);
  require(!error || std::filesystem::is_directory(path), path.string(), ": cannot write: ", std::strerror(error));
}

}  // namespace opad
