// Files of torch.save: as a whole where the input is a zip file, else its pickle program alone, whose storages hold
// zeros.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <opad/io/pickle.hpp>

#include "fuzz.hpp"

namespace {

void read_file_of(std::string_view bytes) {
  static const int file = ::memfd_create("fuzz", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  opad::require(
      ::ftruncate(file, 0) == 0 && ::pwrite(file, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()),
      "no room");
  opad::read_pickle_tensors(path);
}

void read(std::string_view bytes) {
  if (bytes.starts_with("PK")) return read_file_of(bytes);
  const auto storage = [](const std::string&, at::ScalarType type, std::int64_t count) {
    opad::require(0 <= count && count <= 1 << 16, "more numbers than a file could hold");
    return torch::zeros({count}, type);
  };
  const auto pickled = opad::detail::PickleMachine(bytes, storage, "fuzz").run();
  opad::Tensors tensors;
  opad::collect_tensors(pickled, "", tensors, "fuzz");
  for (const auto& [name, tensor] : tensors) tensor.clone();  // touches every number that its view reaches
}

}  // namespace

OPAD_FUZZ_TARGET(read)
