// Pictures: PNG, JPEG, WebP and the EXIF data in them.
#include <opad/io/image.hpp>

#include "fuzz.hpp"

namespace {

void read(std::string_view bytes) {
  const auto image = opad::decode_image(std::as_bytes(std::span(bytes)), "fuzz");
  if (image.dim() != 3 || image.size(2) != 3 || !image.is_contiguous()) std::abort();
}

}  // namespace

OPAD_FUZZ_TARGET(read)
