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
#include <opad/io/detail/checksums.hpp>
#include <opad/io/finite.hpp>
#include <opad/io/json.hpp>
#include <opad/io/mapped_file.hpp>

namespace opad {

static_assert(std::endian::native == std::endian::little, "weight files hold little-endian numbers");

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
inline std::uint64_t checked_bytes(const Shape& shape, at::ScalarType type, const std::string& where) {
  std::uint64_t largest = c10::elementSize(type);
  bool empty = false, fits = true;
  for (const std::int64_t size : shape) {
    fits = fits && size >= 0 &&
           !__builtin_mul_overflow(largest, static_cast<std::uint64_t>(std::max<std::int64_t>(size, 1)), &largest);
    empty = empty || size == 0;
  }
  require(fits && largest <= std::uint64_t{1} << 62, where, ": the shape ", at::IntArrayRef(shape), " is too large");
  return empty ? 0 : largest;
}

/// What a header says of one tensor.
struct SafeTensorsEntry {
  std::string name;
  at::ScalarType type;
  Shape shape;
  std::uint64_t begin, end;  // bytes after the header
};

inline SafeTensorsEntry safetensors_entry(const std::string& name, const nlohmann::json& entry,
                                          const std::string& file) {
  const std::string where = c10::str(file, ": tensor '", name, "'");
  const auto field = [&](const char* key) -> const nlohmann::json& {
    require(entry.is_object() && entry.contains(key), where, " has no ", key);
    return entry.at(key);
  };
  const auto numbers = [&](const char* key) {
    const nlohmann::json& list = field(key);
    const auto whole = [](const nlohmann::json& n) { return n.is_number_unsigned(); };
    require(list.is_array() && std::all_of(list.begin(), list.end(), whole), where, ": ", key,
            " is not a list of whole numbers >= 0");
    return list.get<std::vector<std::uint64_t>>();
  };
  const nlohmann::json& dtype = field("dtype");
  const auto type = std::ranges::find(safetensors_types, dtype.is_string() ? dtype.get<std::string>() : "",
                                      &decltype(safetensors_types)::value_type::first);
  require(type != safetensors_types.end(), where, " has the type ", dtype.dump(), ", which is not known here");
  const auto shape = numbers("shape"), offsets = numbers("data_offsets");
  require(offsets.size() == 2, where, ": data_offsets are not two numbers");
  SafeTensorsEntry result{name, type->second, Shape(shape.begin(), shape.end()), offsets[0], offsets[1]};
  const std::uint64_t bytes = checked_bytes(result.shape, result.type, where);
  require(result.begin <= result.end && result.end - result.begin == bytes, where, " ", at::IntArrayRef(result.shape),
          " of ", type->first, " takes ", bytes, " bytes, but its data_offsets are [", result.begin, ", ", result.end,
          "]");
  return result;
}

}  // namespace detail

/// A weight file in the safetensors format (github.com/huggingface/safetensors): 8 bytes with the header's length, a
/// JSON header {name: {dtype, shape, data_offsets}}, the tensors' bytes without holes. The tensors alias a private
/// (copy-on-write) memory map of the file, which lives as long as any of them: opening reads only the header, and
/// writing to a tensor never changes the file. Data that is not aligned for its type is copied. Throws opad::Error on
/// whatever departs from the format: lengths, JSON, types, shapes, overlaps, holes, trailing bytes; and on every damage
/// to a file with checksums, as save_safetensors writes them: of such a file all bytes are read once.
class SafeTensors {
 public:
  explicit SafeTensors(const std::filesystem::path& path)
      : SafeTensors(std::make_shared<MappedFile>(path), path.string()) {}

  /// The same from memory that `owner` keeps alive; `where` begins every message.
  OPAD_ONCE SafeTensors(std::shared_ptr<void> owner, std::span<std::byte> bytes, const std::string& where) {
    const std::string_view header = read_header(bytes, where);
    const std::span<std::byte> body = bytes.subspan(8 + header.size());
    std::vector<detail::SafeTensorsEntry> entries;
    auto json = parse_json<nlohmann::json>(header, where + ": header");
    const nlohmann::json checksums = detail::verified_checksums(json, where);
    for (const auto& [name, entry] : json.items()) {
      if (name == "__metadata__") read_metadata(entry, where);
      else entries.push_back(detail::safetensors_entry(name, entry, where));
    }
    std::ranges::sort(entries, {}, [](const auto& e) { return std::pair(e.begin, e.end); });
    std::uint64_t end = 0;
    for (const auto& entry : entries) {
      require(entry.begin == end, where, ": tensor '", entry.name, "' begins at byte ", entry.begin,
              ", the one before it ends at ", end, "; tensors must neither overlap nor leave holes");
      end = entry.end;
      require(end <= body.size(), where, ": cut off: tensor '", entry.name, "' ends at byte ", end, " of ",
              body.size());
      detail::verify(checksums, entry.name, body.subspan(entry.begin, entry.end - entry.begin), where);
      tensors_.emplace(entry.name, tensor(owner, body, entry, where));
    }
    require(end == body.size(), where, ": ", body.size() - end, " bytes after the last tensor");
  }

  const Tensors& tensors() const& { return tensors_; }
  Tensors tensors() && { return std::move(tensors_); }  // so that `for (auto& t : SafeTensors(path).tensors())` is safe
  /// What the file says of itself, without the checksums.
  const std::map<std::string, std::string>& metadata() const& { return metadata_; }
  std::map<std::string, std::string> metadata() && { return std::move(metadata_); }

  static constexpr std::uint64_t longest_header = 100'000'000;  // as the format's own library

 private:
  SafeTensors(const std::shared_ptr<MappedFile>& file, const std::string& where)
      : SafeTensors(file, file->bytes(), where) {}

  static std::string_view read_header(std::span<std::byte> bytes, const std::string& where) {
    const auto other =
        stand_in({reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 1000)});
    require(other.empty(), where, ": is ", other);
    require(bytes.size() >= 8, where, ": not a safetensors file: ", bytes.size(), " bytes");
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), 8);
    require(length <= longest_header, where, ": not a safetensors file: a header of ", length, " bytes");
    require(length <= bytes.size() - 8, where, ": cut off: a header of ", length, " bytes in a file of ", bytes.size());
    const std::string_view header(reinterpret_cast<const char*>(bytes.data()) + 8, length);
    require(header.starts_with('{'), where, ": not a safetensors file: its header does not start with {");
    return header;
  }

  void read_metadata(const nlohmann::json& entry, const std::string& where) {
    require(entry.is_object(), where, ": __metadata__ is not an object");
    for (const auto& [key, value] : entry.items()) {
      require(value.is_string(), where, ": __metadata__ '", key, "' is not a string");
      metadata_.emplace(key, value.template get<std::string>());
    }
  }

  static Tensor tensor(const std::shared_ptr<void>& owner, std::span<std::byte> body,
                       const detail::SafeTensorsEntry& entry, const std::string& where) {
    const auto options = torch::dtype(entry.type);
    const std::uint64_t size = entry.end - entry.begin;
    if (size == 0) return torch::empty(entry.shape, options);
    std::byte* const data = body.data() + entry.begin;
    const auto truth = [](std::byte b) { return b <= std::byte{1}; };
    require(entry.type != torch::kBool || std::all_of(data, data + size, truth), where, ": tensor '", entry.name,
            "' of BOOL holds bytes other than 0 and 1");
    if (reinterpret_cast<std::uintptr_t>(data) % c10::elementSize(entry.type) == 0)
      return torch::from_blob(data, entry.shape, [owner](void*) {}, options);
    const Tensor copy = torch::empty(entry.shape, options);
    std::memcpy(copy.data_ptr(), data, size);
    return copy;
  }

  Tensors tensors_;
  std::map<std::string, std::string> metadata_;
};

/// The names of a file's tensors; reads the header alone.
OPAD_ONCE std::vector<std::string> tensor_names(const std::filesystem::path& path) {
  const InputFile file(path);
  std::string head = file.head(1000);
  if (const auto other = stand_in(head); !other.empty()) fail(path.string(), ": is ", other);
  std::uint64_t length = 0;
  if (head.size() >= 8) std::memcpy(&length, head.data(), 8);
  require(0 < length && length <= SafeTensors::longest_header && length + 8 <= file.size(), path.string(),
          ": not a safetensors file, or cut off: a header of ", length, " bytes in a file of ", file.size());
  head = file.head(8 + length);
  const auto json = parse_json<nlohmann::json>(std::string_view(head).substr(8), path.string() + ": header");
  require(json.is_object(), path.string(), ": header: not a JSON object");
  std::vector<std::string> names;
  for (const auto& [name, entry] : json.items())
    if (name != "__metadata__") names.push_back(name);
  return names;
}

/// Writes tensors of any device and layout as a safetensors file, as a whole or not at all; one tensor at a time is
/// copied to the CPU where it has to be. Wider types first, then by name; the header is padded to a multiple of 8. A
/// checksum of each tensor and of the header go into __metadata__, and SafeTensors verifies them.
///   metadata  what else is said there, such as {"step": "3"}; "format" is "pt" unless it is given, as transformers
///             wants it
///   numbers   Finite: a NaN or an infinity is refused, and nothing is written
OPAD_ONCE void save_safetensors(const std::filesystem::path& path, const Tensors& tensors,
                                std::map<std::string, std::string> metadata = {}, Numbers numbers = Numbers::Any) {
  std::vector<std::pair<std::string, Tensor>> order(tensors.begin(), tensors.end());
  for (const auto& [name, tensor] : order) {
    require(tensor.defined() && tensor.layout() == at::kStrided, path.string(), ": tensor '", name,
            "' is undefined or sparse");
    require(name != "__metadata__", path.string(), ": no tensor may be called __metadata__");
  }
  std::ranges::stable_sort(order, std::greater<>{}, [](const auto& item) { return item.second.element_size(); });

  nlohmann::json header = nlohmann::json::object();
  metadata.emplace("format", "pt");
  header["__metadata__"] = metadata;
  nlohmann::json checksums = nlohmann::json::object();
  std::uint64_t end = 0;
  for (const auto& [name, tensor] : order) {
    const auto type = std::ranges::find(detail::safetensors_types, tensor.scalar_type(),
                                        &decltype(detail::safetensors_types)::value_type::second);
    require(type != detail::safetensors_types.end(), path.string(), ": tensor '", name, "' has the type ",
            tensor.scalar_type(), ", which the format lacks");
    const std::uint64_t begin = std::exchange(end, end + tensor.nbytes());
    checksums[name] = detail::checksum(nullptr, 0);  // as long as the real one, which is known when it is written
    header[name] = {{"dtype", type->first}, {"shape", tensor.sizes().vec()}, {"data_offsets", {begin, end}}};
  }
  const auto head = [&] {
    std::string text;
    try {
      text = detail::checked_header(header, checksums);
    } catch (const nlohmann::json::exception&) { fail(path.string(), ": a name or the metadata is not UTF-8"); }
    text.resize((text.size() + 7) / 8 * 8, ' ');
    const std::uint64_t length = text.size();
    require(length <= SafeTensors::longest_header, path.string(), ": the names take more than ",
            SafeTensors::longest_header, " bytes");
    return std::string(reinterpret_cast<const char*>(&length), 8) + text;
  };

  AtomicFile file(path);
  file.write(head());
  for (const auto& [name, tensor] : order) {
    const Tensor plain = tensor.detach().resolve_conj().resolve_neg().cpu().contiguous();
    if (numbers == Numbers::Finite) require_finite(name, plain, path.string());
    checksums[name] = detail::checksum(plain.data_ptr(), plain.nbytes());
    file.write(plain.data_ptr(), plain.nbytes());
  }
  file.rewrite_head(head());
  file.commit();
}

/// Adds to what a file says of itself; its tensors stay as they are.
OPAD_ONCE void add_metadata(const std::filesystem::path& path, const std::map<std::string, std::string>& entries) {
  const SafeTensors file(path);
  auto metadata = file.metadata();
  for (const auto& [key, value] : entries) metadata[key] = value;
  save_safetensors(path, file.tensors(), metadata);
}

}  // namespace opad
