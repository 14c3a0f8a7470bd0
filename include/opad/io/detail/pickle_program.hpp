#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <opad/core/error.hpp>

namespace opad::detail {

/// The bytes of a pickle program, taken from its front: opcodes and the numbers and texts behind them. Throws where the
/// program is cut off.
///   where  the file, for the message
class PickleProgram {
 public:
  PickleProgram(std::string_view bytes, std::string where) : rest_(bytes), where_(std::move(where)) {}

  std::string_view take(std::size_t size) {
    require(size <= rest_.size(), where_, ": damaged: its pickle is cut off");
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  unsigned char byte() { return static_cast<unsigned char>(take(1)[0]); }
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::int64_t long_number(std::size_t size) {  // little-endian, two's complement
    require(size <= 8, where_, ": not read: its pickle holds a number of ", size, " bytes");
    const std::string_view bytes = take(size);
    std::int64_t value = !bytes.empty() && static_cast<signed char>(bytes.back()) < 0 ? -1 : 0;
    std::memcpy(&value, bytes.data(), size);
    return value;
  }
  double big_endian_double() {
    auto bytes = number<std::array<char, 8>>();
    std::ranges::reverse(bytes);
    return std::bit_cast<double>(bytes);
  }
  std::string line() {
    const std::string text(take(std::min(rest_.find('\n'), rest_.size())));
    take(1);
    return text;
  }

 private:
  std::string_view rest_;
  std::string where_;
};

}  // namespace opad::detail
