#pragma once
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <opad/core/once.hpp>
#include <opad/io/event_file.hpp>
#include <opad/io/mapped_file.hpp>

namespace opad {

namespace detail {

/// The step of an Event message, its field 2; 0 where it says none. Nothing where the bytes are no message.
OPAD_ONCE std::optional<std::int64_t> step_of_event(std::string_view message) {
  const auto varint = [&]() -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64 && !message.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(message.front());
      message.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return {};
  };
  std::int64_t step = 0;
  while (!message.empty()) {
    const auto key = varint();
    if (!key) return {};
    const auto number = (*key & 7) == 0 || (*key & 7) == 2 ? varint() : std::optional<std::uint64_t>(0);
    const std::uint64_t size = (*key & 7) == 1 ? 8 : (*key & 7) == 5 ? 4 : (*key & 7) == 2 ? number.value_or(0) : 0;
    if (!number || size > message.size()) return {};
    if (*key == 2 << 3) step = static_cast<std::int64_t>(*number);
    message.remove_prefix(size);
  }
  return step;
}

}  // namespace detail

/// Takes the events after a step out of an event file, which a resumed run writes again: TensorBoard would show them
/// twice. What a crash left behind the last whole record goes, too.
OPAD_ONCE void cut_events(const std::filesystem::path& path, std::int64_t last) {
  const MappedFile file(path);
  const std::string_view bytes(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  const auto number = [&]<class T>(std::size_t at, T value) {
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
  };
  std::string kept;
  for (std::size_t at = 0; at + 16 <= bytes.size();) {
    const auto length = number(at, std::uint64_t{0});
    if (length > bytes.size() - at - 16) break;
    const auto message = bytes.substr(at + 12, length);
    const auto step = detail::step_of_event(message);
    if (!step || number(at + 12 + length, std::uint32_t{0}) != detail::masked_crc32c(message)) break;
    if (*step <= last) kept += bytes.substr(at, 16 + length);
    at += 16 + length;
  }
  if (kept.size() != bytes.size()) write_atomically(path, kept);
}

}  // namespace opad
