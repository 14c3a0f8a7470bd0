#include <opad/io/image.hpp>

#include <zlib.h>

#include <opad/core/random.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace fs = std::filesystem;
using namespace opad;

namespace {

const fs::path fixtures = fs::path(OPAD_SOURCE_DIR) / "tests/golden/image_files/files";

Tensor decode(const std::string& bytes) { return decode_image(std::as_bytes(std::span(bytes)), "memory"); }

std::string big_endian(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}
std::string png_chunk(const std::string& named_data) {
  const auto crc = ::crc32(0, reinterpret_cast<const Bytef*>(named_data.data()), static_cast<uInt>(named_data.size()));
  return big_endian(static_cast<std::uint32_t>(named_data.size() - 4)) + named_data +
         big_endian(static_cast<std::uint32_t>(crc));
}

/// EXIF data with an orientation, in Intel's or Motorola's byte order.
std::string exif(int orientation, bool little) {
  const char value = static_cast<char>(orientation);
  if (little) return std::string("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", 18) + value + std::string(7, '\0');
  return std::string("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 19) + value + std::string(6, '\0');
}

/// Where pixel (x, y) of a picture w x h as stored belongs, by EXIF's table of what row 0 and column 0 are.
std::pair<std::int64_t, std::int64_t> upright_place(int orientation, std::int64_t x, std::int64_t y, std::int64_t w,
                                                    std::int64_t h) {
  switch (orientation) {
    case 2:
      return {w - 1 - x, y};  // row 0 top, column 0 right
    case 3:
      return {w - 1 - x, h - 1 - y};  // bottom, right
    case 4:
      return {x, h - 1 - y};  // bottom, left
    case 5:
      return {y, x};  // left, top
    case 6:
      return {h - 1 - y, x};  // right, top
    case 7:
      return {h - 1 - y, w - 1 - x};  // right, bottom
    case 8:
      return {y, w - 1 - x};  // left, bottom
    default:
      return {x, y};
  }
}

void require_turned(const Tensor& stored, const Tensor& upright, int orientation) {
  INFO("orientation " << orientation);
  const std::int64_t h = stored.size(0), w = stored.size(1);
  REQUIRE(upright.size(0) == (orientation >= 5 ? w : h));
  REQUIRE(upright.size(1) == (orientation >= 5 ? h : w));
  for (std::int64_t y = 0; y < h; y += 3)
    for (std::int64_t x = 0; x < w; x += 3) {
      const auto [to_x, to_y] = upright_place(orientation, x, y, w, h);
      REQUIRE(at::equal(stored[y][x], upright[to_y][to_x]));
    }
}

}  // namespace

TEST_CASE("a picture written as PNG reads back to the byte", "[io][image]") {
  const TemporaryFolder folder;
  for (const Shape& shape : {Shape{1, 1, 3}, Shape{1, 7, 3}, Shape{5, 1, 3}, Shape{33, 17, 3}}) {
    const Tensor picture = Random(1).stream("test/image").integers(0, 256, shape).to(torch::kUInt8);
    write_png(folder / "x.png", picture);
    REQUIRE(at::equal(read_image(folder / "x.png"), picture));
    REQUIRE(at::equal(decode(encode_png(picture.transpose(0, 1))), picture.transpose(0, 1)));
  }
  REQUIRE(folder.entries() == 1);
}

TEST_CASE("only a picture can be written", "[io][image]") {
  for (const Tensor& wrong : {torch::zeros({4, 4, 3}), torch::zeros({3, 4, 4}, torch::kUInt8),
                              torch::zeros({4, 4}, torch::kUInt8), torch::zeros({0, 4, 3}, torch::kUInt8)})
    REQUIRE_THROWS_WITH(encode_png(wrong), ContainsSubstring("is no picture; give uint8 [H, W, 3]"));
}

TEST_CASE("pictures are known by content, not by name", "[io][image]") {
  const TemporaryFolder folder;
  fs::copy(fixtures / "jpeg_444.jpg", folder / "x.png");
  REQUIRE(at::equal(read_image(folder / "x.png"), read_image(fixtures / "jpeg_444.jpg")));
}

TEST_CASE("the same picture as RGB, RGBA, 16 bits and WebP reads the same", "[io][image]") {
  const Tensor rgb = read_image(fixtures / "rgb.png");
  for (const char* const name : {"rgba.png", "rgba16.png", "webp_lossless.webp"})
    REQUIRE(at::equal(read_image(fixtures / name), rgb));
}

TEST_CASE("JPEG pictures are turned upright for each of EXIF's orientations, in both byte orders",
          "[io][image][exif]") {
  const std::string jpeg = read_file(fixtures / "jpeg_odd_size.JPG");
  const Tensor stored = decode(jpeg);
  for (const bool little : {true, false})
    for (int orientation = 0; orientation <= 9; ++orientation) {
      const std::string data = std::string("Exif\0\0", 6) + exif(orientation, little);
      const std::string marker = "\xff\xe1" + big_endian(static_cast<std::uint32_t>(data.size() + 2)).substr(2) + data;
      require_turned(stored, decode(jpeg.substr(0, 2) + marker + jpeg.substr(2)),
                     1 <= orientation && orientation <= 8 ? orientation : 1);
    }
}

TEST_CASE("PNG and WebP pictures are turned upright", "[io][image][exif]") {
  const std::string png = read_file(fixtures / "rgb.png"), webp = read_file(fixtures / "webp_lossless.webp");
  const Tensor stored = decode(png);
  const auto little_endian = [](std::size_t value, std::size_t size) {
    std::string bytes;
    for (; size > 0; --size, value >>= 8) bytes += static_cast<char>(value);
    return bytes;
  };
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const std::string data = exif(orientation, true), end = png.substr(png.size() - 12);
    require_turned(stored, decode(png.substr(0, 33) + png_chunk("eXIf" + data) + png.substr(33)), orientation);
    require_turned(stored, decode(png.substr(0, png.size() - 12) + png_chunk("eXIf" + data) + end), orientation);
    const std::string extended = "VP8X" + little_endian(10, 4) + std::string("\x08\0\0\0", 4) +
                                 little_endian(static_cast<std::size_t>(stored.size(1) - 1), 3) +
                                 little_endian(static_cast<std::size_t>(stored.size(0) - 1), 3);
    const std::string body = "WEBP" + extended + webp.substr(12) + "EXIF" + little_endian(data.size(), 4) + data;
    require_turned(stored, decode("RIFF" + little_endian(body.size(), 4) + body), orientation);
  }
}

TEST_CASE("damaged EXIF data turns nothing", "[io][image][exif]") {
  const std::string whole = exif(6, true);
  REQUIRE(opad::detail::exif_orientation(std::as_bytes(std::span(whole))) == 6);
  for (std::size_t size = 0; size < 18; ++size)
    REQUIRE(opad::detail::exif_orientation(std::as_bytes(std::span(whole.data(), size))) == 1);
  Stream stream = Random(3).stream("test/exif");
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = whole;
    for (int n = 0; n < 3; ++n)
      damaged[static_cast<std::size_t>(stream.integer(2, static_cast<std::int64_t>(whole.size())))] =
          static_cast<char>(stream.bits());
    const int orientation = opad::detail::exif_orientation(std::as_bytes(std::span(damaged)));
    REQUIRE((1 <= orientation && orientation <= 8));
  }
}

TEST_CASE("pictures of absurd size are refused before they take memory", "[io][image]") {
  const std::string png =
      std::string("\x89PNG\r\n\x1a\n", 8) +
      png_chunk("IHDR" + big_endian(100'000) + big_endian(100'000) + std::string("\x08\x02\0\0\0", 5)) +
      png_chunk(std::string("IDAT") + "x") + png_chunk("IEND");
  REQUIRE_THROWS_WITH(decode(png),
                      ContainsSubstring("memory: the picture has 100000 x 100000 pixels, more than 67108864"));
  std::string jpeg = read_file(fixtures / "jpeg_444.jpg");
  const std::size_t frame = jpeg.find("\xff\xc0");
  REQUIRE(frame != jpeg.npos);
  jpeg.replace(frame + 5, 4, "\xff\xdc\xff\xdc");
  REQUIRE_THROWS_WITH(decode(jpeg), ContainsSubstring("memory: the picture has 65500 x 65500 pixels"));
  REQUIRE_THROWS_AS(decode(std::string("\x89PNG\r\n\x1a\n", 8) +
                           png_chunk("IHDR" + big_endian(0) + big_endian(5) + std::string("\x08\x02\0\0\0", 5))),
                    Error);
}

TEST_CASE("a JPEG of a huge picture is decoded at a smaller size, whatever else is as large refused", "[io][image]") {
  std::string jpeg = read_file(fixtures / "jpeg_444.jpg");
  const std::size_t frame = jpeg.find("\xff\xc0");
  jpeg.replace(frame + 5, 4, std::string("\x32\xc8\x32\xc8", 4));  // 13000 x 13000
  REQUIRE(decoded_bytes(jpeg) == 3 * 6500 * 6500);
  REQUIRE(decode(jpeg).sizes() == at::IntArrayRef{6500, 6500, 3});
  const auto progressive = read_file(fixtures / "jpeg_progressive.jpg");
  REQUIRE(decoded_bytes(progressive) == static_cast<std::uint64_t>(decode(progressive).numel()));

  const std::string small = read_file(fixtures / "jpeg_444.jpg");
  const Tensor whole = decode(small).to(torch::kFloat32);
  opad::detail::JpegReader reader{std::as_bytes(std::span(small))};
  REQUIRE(reader.read_header(static_cast<std::uint64_t>(whole.numel() / 3 - 1)));
  const std::int64_t width = reader.width(), height = reader.height();
  REQUIRE(width == (whole.size(1) + 1) / 2);
  REQUIRE(height == (whole.size(0) + 1) / 2);
  const Tensor reduced = torch::empty({height, width, 3}, torch::kUInt8);
  REQUIRE(reader.read_pixels(reduced.data_ptr<std::uint8_t>(), nullptr));
  const Tensor means = at::avg_pool2d(whole.permute({2, 0, 1}), 2).permute({1, 2, 0});
  const Tensor seen = reduced.narrow(0, 0, means.size(0)).narrow(1, 0, means.size(1)).to(torch::kFloat32);
  REQUIRE((seen - means).abs().mean().item<double>() < 3.0);
}

TEST_CASE("what is not a picture is refused in one line that names the file", "[io][image]") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& bytes, const std::string& message) {
    write_atomically(folder / "x.png", bytes);
    REQUIRE_THROWS_WITH(read_image(folder / "x.png"),
                        ContainsSubstring((folder / "x.png").string() + ": " + message) && !ContainsSubstring("\n"));
  };
  refused("", "the file is empty");
  refused("hello", "not a picture; give PNG, JPEG or WebP");
  refused("GIF89a...", "a GIF picture; save it as PNG, JPEG or WebP");
  refused(read_file(fixtures / "bmp.bmp"), "a BMP picture");
  refused(std::string("MM\0*\0\0\0\x08", 8), "a TIFF picture");
  refused(std::string("\0\0\0\x18", 4) + "ftypheic", "a HEIC picture");
  refused(read_file(fixtures / "bad_crc.png"), "damaged PNG: ");
  refused(read_file(fixtures / "bad_truncated.png"), "damaged PNG: the file is cut off");
  refused(read_file(fixtures / "bad_truncated.jpg"), "damaged JPEG: Premature end");
  refused(read_file(fixtures / "webp_lossless.webp").substr(0, 200), "damaged WebP");
  REQUIRE_THROWS_WITH(read_image(folder / "absent.png"), ContainsSubstring("absent.png: no such file"));
}

TEST_CASE("a wrong checksum in a PNG's pixels is noticed", "[io][image]") {
  std::string png = read_file(fixtures / "rgb.png");
  png[png.size() - 13] ^= 1;  // the last byte of the last IDAT chunk's checksum
  REQUIRE_THROWS_WITH(decode(png), ContainsSubstring("damaged PNG"));
}

TEST_CASE("a picture that is cut off or damaged reads or gives an opad::Error", "[io][image]") {
  Stream stream = Random(4).stream("test/damage");
  for (const auto& entry : fs::directory_iterator(fixtures)) {
    const std::string name = entry.path().filename().string(), whole = read_file(entry.path());
    if (name.starts_with("bad_") || name.starts_with("bmp")) continue;
    INFO(name);
    const bool png = name.ends_with(".png"), webp = name.ends_with(".webp");
    for (std::size_t size = 0; size < whole.size(); size += 1 + whole.size() / 60) {
      if (png || webp) {
        REQUIRE_THROWS_AS(decode(whole.substr(0, size)), Error);
      } else if (size < whole.size() / 2) {
        REQUIRE_THROWS_AS(decode(whole.substr(0, size)), Error);
      }
    }
    int readable = 0;
    for (int i = 0; i < 60; ++i) {
      std::string damaged = whole;
      for (int n = 0; n < 2; ++n)
        damaged[static_cast<std::size_t>(
            stream.integer(0, static_cast<std::int64_t>(std::min<std::size_t>(whole.size(), i % 2 ? 1 << 20 : 700))))] =
            static_cast<char>(stream.bits());
      try {
        readable += decode(damaged).numel() > 0;
      } catch (const Error&) {}
    }
    REQUIRE((!png || readable < 60));
  }
}
