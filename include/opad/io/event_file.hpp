#pragma once
#include <unistd.h>

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include <opad/core/once.hpp>
#include <opad/core/tensor.hpp>
#include <opad/io/appended_file.hpp>
#include <opad/io/image.hpp>

namespace opad {

namespace detail {

/// CRC-32C (Castagnoli), continued from `state`.
constexpr std::uint32_t crc32c(std::string_view bytes) {
  constexpr auto table = [] {
    std::array<std::uint32_t, 256> result{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      result[i] = i;
      for (int bit = 0; bit < 8; ++bit) result[i] = result[i] >> 1 ^ (result[i] & 1 ? 0x82f63b78u : 0u);
    }
    return result;
  }();
  std::uint32_t state = ~0u;
  for (const char c : bytes) state = state >> 8 ^ table[(state ^ static_cast<unsigned char>(c)) & 0xff];
  return ~state;
}

/// The checksum of TFRecord files: a CRC that may itself be part of data with a CRC.
constexpr std::uint32_t masked_crc32c(std::string_view bytes) { return std::rotr(crc32c(bytes), 15) + 0xa282ead8u; }

/// The little of protocol buffers that an Event needs: a field is its number and kind, then a number or a length and
/// bytes.
class ProtobufMessage {
 public:
  ProtobufMessage& integer(int field, std::uint64_t value) { return varint(field << 3).varint(value); }
  ProtobufMessage& number(int field, double value) { return varint(field << 3 | 1).fixed(value); }
  ProtobufMessage& number(int field, float value) { return varint(field << 3 | 5).fixed(value); }
  ProtobufMessage& bytes(int field, std::string_view value) {
    varint(field << 3 | 2).varint(value.size());
    text_ += value;
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  ProtobufMessage& varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) text_ += static_cast<char>(value | 0x80);
    text_ += static_cast<char>(value);
    return *this;
  }
  template <class T>
  ProtobufMessage& fixed(T value) {
    text_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  std::string text_;
};

}  // namespace detail

/// TensorBoard's event file: events.out.tfevents.SECONDS.HOST.PID.COUNT in a run's folder, a new one for every start of
/// the run (TensorBoard shows them as one). A record is its length (8 bytes), the length's checksum, an Event message,
/// its checksum.
class EventFile {
 public:
  OPAD_ONCE explicit EventFile(const std::filesystem::path& folder, const std::string& name = new_name())
      : file_(in_folder(folder, name)) {
    write(event().bytes(3, "brain.Event:2"));
  }

  /// A name that no other file has: events.out.tfevents.TIME.HOST.PROCESS.COUNT, as TensorBoard expects.
  OPAD_ONCE static std::string new_name() {
    static std::atomic<int> count{0};
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) std::strcpy(host.data(), "localhost");
    return c10::str("events.out.tfevents.", static_cast<std::int64_t>(now()), ".", host.data(), ".", ::getpid(), ".",
                    count++);
  }

  /// A number at a step, in the group of plots before the tag's last slash: "loss/identity".
  OPAD_ONCE void scalar(std::string_view tag, double value, std::int64_t step) {
    summary(detail::ProtobufMessage().bytes(1, tag).number(2, static_cast<float>(value)), step);
  }
  /// A picture, uint8 [H, W, 3], at a step.
  OPAD_ONCE void image(std::string_view tag, const Tensor& picture, std::int64_t step) {
    const std::string png = encode_png(picture);
    const auto image = detail::ProtobufMessage()
                           .integer(1, static_cast<std::uint64_t>(picture.size(0)))
                           .integer(2, static_cast<std::uint64_t>(picture.size(1)))
                           .integer(3, 3)  // RGB
                           .bytes(4, png);
    summary(detail::ProtobufMessage().bytes(1, tag).bytes(4, image.text()), step);
  }
  /// Makes durable what was written.
  void flush_to_disk() const { file_.flush_to_disk(); }

  const std::filesystem::path& path() const { return file_.path(); }

 private:
  static std::filesystem::path in_folder(const std::filesystem::path& folder, const std::string& name) {
    std::error_code error;  // where the folder cannot be made, the file cannot be opened: that is said
    std::filesystem::create_directories(folder, error);
    return folder / name;
  }
  static double now() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  }
  static detail::ProtobufMessage event() { return detail::ProtobufMessage().number(1, now()); }

  void summary(const detail::ProtobufMessage& value, std::int64_t step) {
    const auto list = detail::ProtobufMessage().bytes(1, value.text());
    write(event().integer(2, static_cast<std::uint64_t>(step)).bytes(5, list.text()));
  }
  void write(const detail::ProtobufMessage& event) {
    const std::uint64_t length = event.text().size();
    const std::string_view length_bytes(reinterpret_cast<const char*>(&length), sizeof length);
    const std::uint32_t length_crc = detail::masked_crc32c(length_bytes), crc = detail::masked_crc32c(event.text());
    const auto bytes = [](const std::uint32_t& crc) {
      return std::string_view(reinterpret_cast<const char*>(&crc), sizeof crc);
    };
    std::string record(length_bytes);
    file_.append(record.append(bytes(length_crc)).append(event.text()).append(bytes(crc)));
  }

  AppendedFile file_;
};

}  // namespace opad
