#include <opad/io/cut_events.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace opad;

namespace {

/// A message's fields: number and content (numbers as their 8 or 4 bytes, varints in decimal).
using Fields = std::vector<std::pair<int, std::string>>;

Fields fields(std::string_view message) {
  Fields result;
  const auto varint = [&] {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(message.at(0));
      message.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (!message.empty()) {
    const std::uint64_t key = varint(), kind = key & 7;
    if (kind == 0) {
      result.emplace_back(key >> 3, std::to_string(static_cast<std::int64_t>(varint())));
      continue;
    }
    const std::size_t size = kind == 1 ? 8 : kind == 5 ? 4 : varint();
    REQUIRE(size <= message.size());
    result.emplace_back(key >> 3, message.substr(0, size));
    message.remove_prefix(size);
  }
  return result;
}

std::vector<Fields> events(const std::filesystem::path& path) {
  const std::string file = read_file(path);
  std::vector<Fields> result;
  const auto word = [&](std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    REQUIRE(at + size <= file.size());
    std::memcpy(&value, file.data() + at, size);
    return value;
  };
  for (std::size_t at = 0; at < file.size();) {
    const std::uint64_t length = word(at, 8);
    REQUIRE(word(at + 8, 4) == opad::detail::masked_crc32c(std::string_view(file).substr(at, 8)));
    const auto message = std::string_view(file).substr(at + 12, length);
    REQUIRE(word(at + 12 + length, 4) == opad::detail::masked_crc32c(message));
    result.push_back(fields(message));
    at += 16 + length;
  }
  return result;
}

float as_float(const std::string& bytes) {
  float value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

}  // namespace

TEST_CASE("the checksum is CRC-32C", "[io][event]") {
  STATIC_REQUIRE(opad::detail::crc32c("123456789") == 0xe3069283);  // the catalogue's check value
  STATIC_REQUIRE(opad::detail::crc32c("") == 0);
  REQUIRE(opad::detail::crc32c(std::string(32, '\0')) == 0x8a9136aa);  // RFC 3720, B.4
  REQUIRE(opad::detail::crc32c(std::string(32, '\xff')) == 0x62a8ab43);
}

TEST_CASE("an event file begins with its version and holds what was written, in order", "[io][event]") {
  const TemporaryFolder folder;
  EventFile file(folder / "run");
  file.scalar("loss/identity", 0.25, 3);
  file.scalar("loss/identity", -1e30, std::int64_t{1} << 40);
  const Tensor picture = torch::arange(2 * 5 * 3, torch::kUInt8).view({2, 5, 3});
  file.image("preview", picture, 7);
  REQUIRE(file.path().filename().string().starts_with("events.out.tfevents."));

  const auto all = events(file.path());
  REQUIRE(all.size() == 4);
  REQUIRE(all[0][1] == std::pair{3, std::string("brain.Event:2")});
  for (const Fields& event : all) REQUIRE((event[0].first == 1 && event[0].second.size() == 8));  // the time

  REQUIRE(all[1][1] == std::pair{2, std::string("3")});
  const Fields value = fields(fields(all[1][2].second).at(0).second);
  REQUIRE(value[0] == std::pair{1, std::string("loss/identity")});
  REQUIRE(value[1].first == 2);
  REQUIRE(as_float(value[1].second) == 0.25f);
  REQUIRE(all[2][1].second == std::to_string(std::int64_t{1} << 40));

  const Fields image = fields(fields(fields(all[3][2].second).at(0).second).at(1).second);
  REQUIRE(image[0] == std::pair{1, std::string("2")});  // height
  REQUIRE(image[1] == std::pair{2, std::string("5")});
  REQUIRE(image[2] == std::pair{3, std::string("3")});
  REQUIRE(at::equal(decode_image(std::as_bytes(std::span(image[3].second)), "event"), picture));
}

TEST_CASE("a resumed run writes a new file beside the old one", "[io][event]") {
  const TemporaryFolder folder;
  const EventFile first(folder.path), second(folder.path);
  REQUIRE(first.path() != second.path());
  REQUIRE(folder.entries() == 2);
}

TEST_CASE("a folder that cannot be written is named", "[io][event]") {
  const TemporaryFolder folder;
  write_atomically(folder / "file", "");
  REQUIRE_THROWS_WITH(EventFile(folder / "file"),
                      ContainsSubstring((folder / "file").string()) && ContainsSubstring("cannot write"));
}

TEST_CASE("a resumed run takes the steps that it makes again out of the older files", "[io][event]") {
  const TemporaryFolder folder;
  std::filesystem::path path;
  {
    EventFile file(folder.path);
    path = file.path();
    for (const std::int64_t step : {1, 2, 300}) file.scalar("loss", 0.5, step);
  }
  const auto steps = [&] {
    std::vector<std::int64_t> found;
    const std::string bytes = read_file(path);
    for (std::size_t at = 0; at < bytes.size();) {
      std::uint64_t length = 0;
      std::memcpy(&length, bytes.data() + at, 8);
      found.push_back(opad::detail::step_of_event(std::string_view(bytes).substr(at + 12, length)).value());
      at += 16 + length;
    }
    return found;
  };
  REQUIRE(steps() == std::vector<std::int64_t>{0, 1, 2, 300});
  const std::string whole = read_file(path);
  cut_events(path, 300);
  REQUIRE(read_file(path) == whole);
  write_atomically(path, whole + whole.substr(0, 20));  // a crash in the middle of a record
  cut_events(path, 299);
  REQUIRE(steps() == std::vector<std::int64_t>{0, 1, 2});
  std::string flipped = read_file(path);
  flipped[flipped.size() - 6] ^= 1;
  write_atomically(path, flipped);
  cut_events(path, 299);
  REQUIRE(steps() == std::vector<std::int64_t>{0, 1});
}
