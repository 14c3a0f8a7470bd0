#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdio>  // jpeglib.h needs it

#include <jerror.h>
#include <jpeglib.h>

#include <csetjmp>
#include <cstring>
#include <span>

namespace opad::detail {

/// libjpeg's reading of one picture, by the accurate integer transform and smooth chroma upsampling, as everybody else
/// decodes. libjpeg leaves by longjmp: each step that can is a function of its own which holds nothing that would need
/// a destructor, and reports by its return value.
class JpegReader {
 public:
  explicit JpegReader(std::span<const std::byte> bytes) : bytes_(bytes) {
    jpeg_.err = jpeg_std_error(&errors_);
    jpeg_.client_data = this;
    errors_.error_exit = on_error;
    errors_.emit_message = on_message;
    progress_.progress_monitor = on_progress;
  }
  ~JpegReader() { jpeg_destroy_decompress(&jpeg_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  /// Asks for RGB, of a picture with more than `most_pixels` at half the size, a quarter or an eighth: libjpeg then
  /// never makes the large one. Of several passes it would, so that those stay as large as they are.
  bool read_header(std::uint64_t most_pixels) {
    if (setjmp(out_)) return false;
    jpeg_create_decompress(&jpeg_);
    jpeg_.progress = &progress_;
    jpeg_mem_src(&jpeg_, reinterpret_cast<const unsigned char*>(bytes_.data()), bytes_.size());
    jpeg_save_markers(&jpeg_, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(&jpeg_, TRUE);
    jpeg_.out_color_space = jpeg_.num_components == 4 ? JCS_CMYK : JCS_RGB;
    jpeg_calc_output_dimensions(&jpeg_);
    while (std::uint64_t{width()} * height() > most_pixels && jpeg_.scale_denom < 8 &&
           !jpeg_has_multiple_scans(&jpeg_)) {
      jpeg_.scale_num = 1, jpeg_.scale_denom *= 2;
      jpeg_calc_output_dimensions(&jpeg_);
    }
    return true;
  }
  std::uint64_t stored_width() const { return jpeg_.image_width; }
  std::uint64_t stored_height() const { return jpeg_.image_height; }
  std::uint32_t width() const { return jpeg_.output_width; }
  std::uint32_t height() const { return jpeg_.output_height; }

  /// pixels has room for [height, width, 3]; row for one row [width, 4].
  bool read_pixels(unsigned char* pixels, unsigned char* row) {
    if (setjmp(out_)) return false;
    jpeg_start_decompress(&jpeg_);
    const std::size_t stride = std::size_t{3} * width();
    while (jpeg_.output_scanline < jpeg_.output_height) {
      unsigned char* to = pixels + jpeg_.output_scanline * stride;
      const bool four = jpeg_.output_components == 4;
      jpeg_read_scanlines(&jpeg_, four ? &row : &to, 1);
      if (four) to_rgb(row, to);
    }
    return true;
  }
  std::span<const std::byte> exif() const {
    for (auto* marker = jpeg_.marker_list; marker; marker = marker->next) {
      const std::span data(reinterpret_cast<const std::byte*>(marker->data), marker->data_length);
      if (data.size() > 6 && std::memcmp(data.data(), "Exif\0", 6) == 0) return data;
    }
    return {};
  }
  const char* message() const { return message_; }

 private:
  static JpegReader& self(j_common_ptr jpeg) { return *static_cast<JpegReader*>(jpeg->client_data); }
  [[noreturn]] static void leave(j_common_ptr jpeg) {
    jpeg->err->format_message(jpeg, self(jpeg).message_);
    std::longjmp(self(jpeg).out_, 1);
  }
  [[noreturn]] static void on_error(j_common_ptr jpeg) { leave(jpeg); }
  /// Small damage only draws a warning and stays visible, as in other viewers; a file that ends too early is refused.
  static void on_message(j_common_ptr jpeg, int level) {
    if (level < 0 && jpeg->err->msg_code == JWRN_JPEG_EOF) leave(jpeg);
  }
  /// A small file may name any number of passes over a large picture; no camera writes more than some dozens.
  static void on_progress(j_common_ptr jpeg) {
    if (jpeg->is_decompressor && reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number > 500) {
      jpeg->err->msg_code = JERR_BAD_PROGRESSION;
      leave(jpeg);
    }
  }
  /// CMYK is stored inverted (Adobe's way): each of the colours is what ink leaves, minus the share that black takes.
  void to_rgb(const unsigned char* row, unsigned char* rgb) const {
    for (std::size_t x = 0; x < width(); ++x, row += 4, rgb += 3) {
      for (int c = 0; c < 3; ++c) {
        const int product = (255 - row[c]) * row[3] + 128;
        rgb[c] = static_cast<unsigned char>(row[3] - (((product >> 8) + product) >> 8));
      }
    }
  }

  std::span<const std::byte> bytes_;
  jpeg_decompress_struct jpeg_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf out_;
  char message_[JMSG_LENGTH_MAX] = "";
};

}  // namespace opad::detail
