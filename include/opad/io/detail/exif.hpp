#pragma once
#include <cstdint>
#include <span>

#include <opad/core/tensor.hpp>

namespace opad::detail {

/// How a camera held the picture: the orientation 1 to 8 in EXIF data (a TIFF header and its first directory, with or
/// without "Exif\0\0" before it), 1 (upright) where there is none or the data is damaged.
inline int exif_orientation(std::span<const std::byte> exif) {
  constexpr std::byte prefix[] = {std::byte{'E'}, std::byte{'x'}, std::byte{'i'}, std::byte{'f'}, {}, {}};
  if (exif.size() >= 6 && std::equal(std::begin(prefix), std::end(prefix), exif.begin())) exif = exif.subspan(6);
  if (exif.size() < 8 || exif[0] != exif[1] || (exif[0] != std::byte{'I'} && exif[0] != std::byte{'M'})) return 1;
  const bool little = exif[0] == std::byte{'I'};
  const auto number = [&](std::uint64_t at, int size) {  // 0 beyond the end
    std::uint64_t value = 0;
    for (int i = 0; i < size && at + size <= exif.size(); ++i)
      value |= std::to_integer<std::uint64_t>(exif[at + i]) << 8 * (little ? i : size - 1 - i);
    return value;
  };
  const std::uint64_t directory = number(4, 4);
  for (std::uint64_t i = 0; i < number(directory, 2); ++i) {
    const std::uint64_t entry = directory + 2 + 12 * i;  // tag, type, count, value
    constexpr int orientation = 0x0112, short_type = 3, long_type = 4;
    if (number(entry, 2) != orientation) continue;
    const auto type = number(entry + 2, 2);
    const auto value = type == short_type ? number(entry + 8, 2) : type == long_type ? number(entry + 8, 4) : 1;
    return 1 <= value && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

/// Turns and mirrors a picture [H, W, 3] of that orientation upright.
inline Tensor upright(Tensor image, int orientation) {
  if (orientation >= 5) image = image.transpose(0, 1);
  Shape flipped;  // dimensions
  if (orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8) flipped.push_back(0);
  if (orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7) flipped.push_back(1);
  if (!flipped.empty()) image = image.flip(flipped);
  return image.contiguous();
}

}  // namespace opad::detail
