#pragma once
#include <xxhash.h>

#include <cstddef>
#include <cstdio>
#include <span>
#include <string>

#include <opad/core/once.hpp>
#include <opad/io/json.hpp>

namespace opad::detail {

/// XXH3-64 as xxhsum prints it: 16 hexadecimal digits.
OPAD_ONCE std::string checksum(const void* data, std::size_t size) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(XXH3_64bits(data, size)));
  return digits;
}

/// The entries of __metadata__ that hold the checksums: of the tensors, {name: checksum} as JSON, and of the header, as
/// the JSON library writes it (keys sorted, no white space) without this very entry.
inline constexpr const char* tensor_checksums = "xxh3-64";
inline constexpr const char* header_checksum = "xxh3-64.header";
inline constexpr const char* damage_advice =
    "; take another copy of the file. If a program of yours rewrote it: without the entries xxh3-64 and "
    "xxh3-64.header of __metadata__ it is read as it is";

/// Puts both into a header.
inline std::string checked_header(nlohmann::json header, const nlohmann::json& checksums) {
  nlohmann::json& metadata = header["__metadata__"];
  metadata[tensor_checksums] = checksums.dump();
  const std::string text = header.dump();
  metadata[header_checksum] = checksum(text.data(), text.size());
  return header.dump();
}

/// Takes both out of a header, and returns those of the tensors; null for a file without any. Throws for a header that
/// is not as it was written.
OPAD_ONCE nlohmann::json verified_checksums(nlohmann::json& header, const std::string& where) {
  const auto found = header.find("__metadata__");
  if (found == header.end() || !(found->contains(tensor_checksums) || found->contains(header_checksum))) return {};
  const auto take = [&](const char* key) {
    const nlohmann::json value = found->value(key, nlohmann::json());
    found->erase(key);
    return value.is_string() ? value.get<std::string>() : "absent";
  };
  const std::string right = take(header_checksum), text = header.dump(), own = checksum(text.data(), text.size());
  require(own == right, where, ": the header is damaged: its checksum is ", own, " and should be ", right,
          damage_advice);
  auto checksums = parse_json<nlohmann::json>(take(tensor_checksums), where + ": " + tensor_checksums);
  require(checksums.is_object(), where, ": ", tensor_checksums, " is not a list of checksums by name");
  return checksums;
}

/// Throws unless a tensor's bytes are those that were written.
inline void verify(const nlohmann::json& checksums, const std::string& name, std::span<const std::byte> bytes,
                   const std::string& where) {
  if (checksums.is_null()) return;
  const std::string own = checksum(bytes.data(), bytes.size());
  const auto right = checksums.find(name);
  if (right == checksums.end() || *right != own)  // no require: its message would be made for every tensor
    fail(where, ": the tensor '", name, "' is damaged: its checksum is ", own, " and should be ",
         right == checksums.end() ? "absent" : brief(*right), damage_advice);
}

}  // namespace opad::detail
