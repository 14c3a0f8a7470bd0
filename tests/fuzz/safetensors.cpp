// The safetensors header, and access to every number that it promises.
#include <opad/io/safetensors.hpp>

#include "fuzz.hpp"

namespace {

void read(std::string_view bytes) {
  // a copy that ends where the input ends, so that reading beyond it is noticed
  const auto* const first = reinterpret_cast<const std::byte*>(bytes.data());
  const auto copy = std::make_shared<std::vector<std::byte>>(first, first + bytes.size());
  const opad::SafeTensors file(copy, *copy, "fuzz");
  unsigned sum = 0;
  for (const auto& [name, tensor] : file.tensors()) {
    const auto* const data = static_cast<const unsigned char*>(tensor.data_ptr());
    for (std::size_t i = 0; i < tensor.nbytes(); ++i) sum += data[i];
  }
  volatile unsigned keep = sum;
  (void)keep;
}

}  // namespace

OPAD_FUZZ_TARGET(read)
