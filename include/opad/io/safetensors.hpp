#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>

#include <opad/core/once.hpp>
#include <opad/core/tensor.hpp>
#include <opad/io/finite.hpp>
#include <opad/io/json.hpp>

namespace opad {

static_assert(std::endian::native == std::endian::little, "weight files hold little-endian numbers");

class MappedFile;

namespace detail {

/// The element types of the format that LibTorch knows, by the format's names.
inline constexpr std::array<std::pair<std::string_view, at::ScalarType>, 18> safetensors_types{{
    {"F64", torch::kFloat64},
    {"F32", torch::kFloat32},
    {"F16", torch::kFloat16},
    {"BF16", torch::kBFloat16},
    {"I64", torch::kInt64},
    {"I32", torch::kInt32},
    {"I16", torch::kInt16},
    {"I8", torch::kInt8},
    {"U8", torch::kUInt8},
    {"BOOL", torch::kBool},
    {"U64", at::ScalarType::UInt64},
    {"U32", at::ScalarType::UInt32},
    {"U16", at::ScalarType::UInt16},
    {"C64", at::ScalarType::ComplexFloat},
    {"F8_E4M3", at::ScalarType::Float8_e4m3fn},
    {"F8_E5M2", at::ScalarType::Float8_e5m2},
    {"F8_E4M3FNUZ", at::ScalarType::Float8_e4m3fnuz},
    {"F8_E5M2FNUZ", at::ScalarType::Float8_e5m2fnuz},
}};

/// Throws unless a tensor of this shape can be: dimensions >= 0 and a size in bytes (empty dimensions counted as 1, as
/// strides need it) that fits 63 bits. Returns the number of bytes.
std::uint64_t checked_bytes(const Shape& shape, at::ScalarType type, const std::string& where);

/// What a header says of one tensor.
struct SafeTensorsEntry {
  std::string name;
  at::ScalarType type;
  Shape shape;
  std::uint64_t begin, end;  // bytes after the header
};

SafeTensorsEntry safetensors_entry(const std::string& name, const nlohmann::json& entry, const std::string& file);

}  // namespace detail

/// A weight file in the safetensors format (github.com/huggingface/safetensors): 8 bytes with the header's length, a
/// JSON header {name: {dtype, shape, data_offsets}}, the tensors' bytes without holes. The tensors alias a private
/// (copy-on-write) memory map of the file, which lives as long as any of them: opening reads only the header, and
/// writing to a tensor never changes the file. Data that is not aligned for its type is copied. Throws opad::Error on
/// whatever departs from the format: lengths, JSON, types, shapes, overlaps, holes, trailing bytes; and on every damage
/// to a file with checksums, as save_safetensors writes them: of such a file all bytes are read once.
class SafeTensors {
 public:
  explicit SafeTensors(const std::filesystem::path& path);

  /// The same from memory that `owner` keeps alive; `where` begins every message.
  SafeTensors(std::shared_ptr<void> owner, std::span<std::byte> bytes, const std::string& where);

  const Tensors& tensors() const& { return tensors_; }
  Tensors tensors() && { return std::move(tensors_); }  // so that `for (auto& t : SafeTensors(path).tensors())` is safe
  /// What the file says of itself, without the checksums.
  const std::map<std::string, std::string>& metadata() const& { return metadata_; }
  std::map<std::string, std::string> metadata() && { return std::move(metadata_); }

  static constexpr std::uint64_t longest_header = 100'000'000;  // as the format's own library

 private:
  SafeTensors(const std::shared_ptr<MappedFile>& file, const std::string& where);

  static std::string_view read_header(std::span<std::byte> bytes, const std::string& where);

  void read_metadata(const nlohmann::json& entry, const std::string& where);

  static Tensor tensor(const std::shared_ptr<void>& owner, std::span<std::byte> body,
                       const detail::SafeTensorsEntry& entry, const std::string& where);

  Tensors tensors_;
  std::map<std::string, std::string> metadata_;
};

/// The names of a file's tensors; reads the header alone.
std::vector<std::string> tensor_names(const std::filesystem::path& path);

/// Writes tensors of any device and layout as a safetensors file, as a whole or not at all; one tensor at a time is
/// copied to the CPU where it has to be. Wider types first, then by name; the header is padded to a multiple of 8. A
/// checksum of each tensor and of the header go into __metadata__, and SafeTensors verifies them.
///   metadata  what else is said there, such as {"step": "3"}; "format" is "pt" unless it is given, as transformers
///             wants it
///   numbers   Finite: a NaN or an infinity is refused, and nothing is written
void save_safetensors(const std::filesystem::path& path, const Tensors& tensors,
                      std::map<std::string, std::string> metadata = {}, Numbers numbers = Numbers::Any);

/// Adds to what a file says of itself; its tensors stay as they are.
void add_metadata(const std::filesystem::path& path, const std::map<std::string, std::string>& entries);

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/io/detail/safetensors.hpp>
#endif
