#pragma once
#include <png.h>

#include <csetjmp>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include <opad/io/detail/exif.hpp>

namespace opad::detail {

/// libpng's reading of one picture. libpng leaves by longjmp: each step that can is a function of its own which holds
/// nothing that would need a destructor, and reports by its return value.
class PngReader {
 public:
  explicit PngReader(std::span<const std::byte> bytes) : left_(bytes) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, [](png_structp, png_const_charp) {});
    if (png_) info_ = png_create_info_struct(png_);
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  /// Reads the header and asks for 8-bit RGB: the palette looked up, grey spread, the high byte of 16 bits, alpha
  /// dropped.
  bool read_header() {
    if (!info_ || setjmp(png_jmpbuf(png_))) return false;
    png_set_read_fn(png_, this, on_read);
    png_read_info(png_, info_);
    png_set_expand(png_);
    png_set_strip_16(png_);
    png_set_gray_to_rgb(png_);
    png_set_strip_alpha(png_);
    passes_ = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    if (png_get_rowbytes(png_, info_) != std::size_t{3} * width()) png_error(png_, "an unknown kind of PNG");
    return true;
  }
  std::uint32_t width() const { return png_get_image_width(png_, info_); }
  std::uint32_t height() const { return png_get_image_height(png_, info_); }

  /// Reads everything else; pixels has room for [height, width, 3].
  bool read_pixels(png_bytep pixels) {
    if (setjmp(png_jmpbuf(png_))) return false;
    const std::size_t stride = png_get_rowbytes(png_, info_), rows = height();
    for (int pass = 0; pass < passes_; ++pass)
      for (std::size_t y = 0; y < rows; ++y) png_read_row(png_, pixels + y * stride, nullptr);
    png_read_end(png_, info_);
    return true;
  }
  std::span<const std::byte> exif() const {
#ifdef PNG_eXIf_SUPPORTED
    png_uint_32 size = 0;
    png_bytep data = nullptr;
    if (png_get_eXIf_1(png_, info_, &size, &data)) return {reinterpret_cast<const std::byte*>(data), size};
#endif
    return {};
  }
  const char* message() const { return message_; }

 private:
  [[noreturn]] static void on_error(png_structp png, png_const_charp message) {
    auto& self = *static_cast<PngReader*>(png_get_error_ptr(png));
    std::strncpy(self.message_, message, sizeof self.message_ - 1);
    png_longjmp(png, 1);
  }
  static void on_read(png_structp png, png_bytep to, std::size_t size) {
    auto& left = static_cast<PngReader*>(png_get_io_ptr(png))->left_;
    if (size > left.size()) png_error(png, "the file is cut off");
    std::memcpy(to, left.data(), size);
    left = left.subspan(size);
  }

  std::span<const std::byte> left_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  int passes_ = 1;
  char message_[120] = "out of memory";
};

}  // namespace opad::detail
