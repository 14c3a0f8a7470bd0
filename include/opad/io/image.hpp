#pragma once
#include <webp/decode.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/core/tensor.hpp>
#include <opad/io/atomic_file.hpp>
#include <opad/io/detail/exif.hpp>
#include <opad/io/detail/jpeg.hpp>
#include <opad/io/detail/png.hpp>

namespace opad {

namespace detail {

/// More pixels than this (200 MB) are not decoded; of a JPEG they are, at a smaller size, unless there are four times
/// as many: cameras with 200 million pixels exist.
inline constexpr std::uint64_t most_pixels = std::uint64_t{1} << 26;

inline void require_pixels(std::uint64_t width, std::uint64_t height, std::uint64_t most, const std::string& where) {
  require(width > 0 && height > 0, where, ": the picture is empty");
  require(width * height <= most, where, ": the picture has ", width, " x ", height, " pixels, more than ", most,
          "; make it smaller");
}

/// Room for a picture of a size that a file claims.
inline Tensor room_for_image(std::uint64_t width, std::uint64_t height, const std::string& where) {
  require_pixels(width, height, most_pixels, where);
  return torch::empty({static_cast<std::int64_t>(height), static_cast<std::int64_t>(width), 3}, torch::kUInt8);
}

inline Tensor decode_png(std::span<const std::byte> bytes, const std::string& where) {
  PngReader png(bytes);
  require(png.read_header(), where, ": damaged PNG: ", png.message());
  const Tensor image = room_for_image(png.width(), png.height(), where);
  require(png.read_pixels(image.data_ptr<std::uint8_t>()), where, ": damaged PNG: ", png.message());
  return upright(image, exif_orientation(png.exif()));
}

inline Tensor decode_jpeg(std::span<const std::byte> bytes, const std::string& where) {
  JpegReader jpeg(bytes);
  require(jpeg.read_header(most_pixels), where, ": damaged JPEG: ", jpeg.message());
  require_pixels(jpeg.stored_width(), jpeg.stored_height(), 4 * most_pixels, where);
  const Tensor image = room_for_image(jpeg.width(), jpeg.height(), where);
  std::vector<unsigned char> row(std::size_t{4} * jpeg.width());
  require(jpeg.read_pixels(image.data_ptr<std::uint8_t>(), row.data()), where, ": damaged JPEG: ", jpeg.message());
  return upright(image, exif_orientation(jpeg.exif()));
}

/// The EXIF chunk of a WebP file: RIFF, size, WEBP, then chunks of name, size, data, padded to even sizes.
inline std::span<const std::byte> webp_exif(std::span<const std::byte> bytes) {
  for (std::size_t at = 12; at + 8 <= bytes.size();) {
    std::uint32_t size = 0;
    std::memcpy(&size, &bytes[at + 4], 4);
    if (size > bytes.size() - at - 8) break;
    if (std::memcmp(&bytes[at], "EXIF", 4) == 0) return bytes.subspan(at + 8, size);
    at += 8 + std::size_t{size} + size % 2;
  }
  return {};
}

inline Tensor decode_webp(std::span<const std::byte> bytes, const std::string& where) {
  const auto* const data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  WebPBitstreamFeatures features;
  require(WebPGetFeatures(data, bytes.size(), &features) == VP8_STATUS_OK, where, ": damaged WebP");
  require(!features.has_animation, where, ": a moving WebP; save one of its pictures");
  const Tensor image = room_for_image(features.width, features.height, where);
  require(WebPDecodeRGBInto(data, bytes.size(), image.data_ptr<std::uint8_t>(), image.nbytes(), 3 * features.width) !=
              nullptr,
          where, ": damaged WebP");
  return upright(image, exif_orientation(webp_exif(bytes)));
}

}  // namespace detail

/// Decodes a PNG, JPEG or WebP picture, told apart by content: uint8 [H, W, 3], RGB, turned upright as EXIF asks. The
/// bytes are those of Pillow's exif_transpose and convert("RGB"): alpha is dropped (not blended), palettes are looked
/// up, grey is spread. Of 16 bits the high byte is taken, grey too, where Pillow clips to white. A JPEG of more than
/// 2^26 pixels comes at half its size or less, any other picture as large is refused. `where` begins every message.
OPAD_ONCE Tensor decode_image(std::span<const std::byte> bytes, const std::string& where) {
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 12));
  const auto has = [&](std::string_view text, std::size_t at = 0) {
    return head.size() > at && head.substr(at).starts_with(text);
  };
  require(!bytes.empty(), where, ": the file is empty");
  if (has("\x89PNG\r\n\x1a\n")) return detail::decode_png(bytes, where);
  if (has("\xff\xd8\xff")) return detail::decode_jpeg(bytes, where);
  if (has("RIFF") && has("WEBP", 8)) return detail::decode_webp(bytes, where);
  constexpr std::tuple<std::string_view, std::size_t, const char*> others[] = {
      {"GIF8", 0, "a GIF"},      {"BM", 0, "a BMP"},        {"II*", 0, "a TIFF"},       {{"MM\0*", 4}, 0, "a TIFF"},
      {"ftypheic", 4, "a HEIC"}, {"ftypmif1", 4, "a HEIC"}, {"ftypavif", 4, "an AVIF"},
  };
  for (const auto& [magic, at, kind] : others)
    require(!has(magic, at), where, ": ", kind, " picture; save it as PNG, JPEG or WebP");
  fail(where, ": not a picture; give PNG, JPEG or WebP");
}

/// Files of pictures are smaller than this.
inline constexpr std::uint64_t most_image_bytes = std::uint64_t{512} << 20;

/// Bytes that a picture takes once it is decoded, by the header at the start of its file; 0 where that says nothing.
OPAD_ONCE std::uint64_t decoded_bytes(std::string_view head) {
  const auto bytes = std::as_bytes(std::span(head));
  const auto size = [](std::uint64_t width, std::uint64_t height) { return 3 * width * height; };
  if (detail::PngReader png(bytes); png.read_header()) return size(png.width(), png.height());
  if (detail::JpegReader jpeg(bytes); jpeg.read_header(detail::most_pixels)) return size(jpeg.width(), jpeg.height());
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(reinterpret_cast<const std::uint8_t*>(head.data()), head.size(), &features) != VP8_STATUS_OK)
    return 0;
  return size(features.width, features.height);
}

/// Reads a picture: decode_image of the file's bytes.
OPAD_ONCE Tensor read_image(const std::filesystem::path& path) {
  const std::string bytes = read_file(path, most_image_bytes);
  return decode_image(std::as_bytes(std::span(bytes)), path.string());
}

/// A picture, uint8 [H, W, 3], as the bytes of a PNG file.
OPAD_ONCE std::string encode_png(const Tensor& image) {
  require(image.dim() == 3 && image.size(2) == 3 && image.numel() > 0 && image.scalar_type() == torch::kUInt8,
          "encode_png: ", image.scalar_type(), " ", image.sizes(), " is no picture; give uint8 [H, W, 3]");
  const Tensor pixels = image.cpu().contiguous();
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(image.size(1));
  png.height = static_cast<png_uint_32>(image.size(0));
  png.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png);
  std::string bytes(size, '\0');
  require(png_image_write_to_memory(&png, bytes.data(), &size, 0, pixels.data_ptr<std::uint8_t>(), 0, nullptr),
          "encode_png: ", image.sizes(), ": ", png.message);
  bytes.resize(size);
  return bytes;
}

/// Writes a picture, uint8 [H, W, 3], as PNG, as a whole or not at all.
inline void write_png(const std::filesystem::path& path, const Tensor& image) {
  write_atomically(path, encode_png(image));
}

}  // namespace opad
