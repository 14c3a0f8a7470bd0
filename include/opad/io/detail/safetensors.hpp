#pragma once
#include <opad/io/detail/checksums.hpp>
#include <opad/io/mapped_file.hpp>
#include <opad/io/safetensors.hpp>

namespace opad {

namespace detail {
OPAD_ONCE std::uint64_t checked_bytes(const Shape& shape, at::ScalarType type, const std::string& where) {
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

OPAD_ONCE SafeTensorsEntry safetensors_entry(const std::string& name, const nlohmann::json& entry,
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

OPAD_ONCE SafeTensors::SafeTensors(std::shared_ptr<void> owner, std::span<std::byte> bytes, const std::string& where) {
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
    require(end <= body.size(), where, ": cut off: tensor '", entry.name, "' ends at byte ", end, " of ", body.size());
    detail::verify(checksums, entry.name, body.subspan(entry.begin, entry.end - entry.begin), where);
    tensors_.emplace(entry.name, tensor(owner, body, entry, where));
  }
  require(end == body.size(), where, ": ", body.size() - end, " bytes after the last tensor");
}

OPAD_ONCE std::string_view SafeTensors::read_header(std::span<std::byte> bytes, const std::string& where) {
  const auto other = stand_in({reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 1000)});
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

OPAD_ONCE void SafeTensors::read_metadata(const nlohmann::json& entry, const std::string& where) {
  require(entry.is_object(), where, ": __metadata__ is not an object");
  for (const auto& [key, value] : entry.items()) {
    require(value.is_string(), where, ": __metadata__ '", key, "' is not a string");
    metadata_.emplace(key, value.template get<std::string>());
  }
}

OPAD_ONCE Tensor SafeTensors::tensor(const std::shared_ptr<void>& owner, std::span<std::byte> body,
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

OPAD_ONCE void save_safetensors(const std::filesystem::path& path, const Tensors& tensors,
                                std::map<std::string, std::string> metadata, Numbers numbers) {
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

OPAD_ONCE void add_metadata(const std::filesystem::path& path, const std::map<std::string, std::string>& entries) {
  const SafeTensors file(path);
  auto metadata = file.metadata();
  for (const auto& [key, value] : entries) metadata[key] = value;
  save_safetensors(path, file.tensors(), metadata);
}

OPAD_ONCE SafeTensors::SafeTensors(const std::filesystem::path& path)
    : SafeTensors(std::make_shared<MappedFile>(path), path.string()) {}

OPAD_ONCE SafeTensors::SafeTensors(const std::shared_ptr<MappedFile>& file, const std::string& where)
    : SafeTensors(file, file->bytes(), where) {}

}  // namespace opad
