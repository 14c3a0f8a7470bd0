#pragma once
#include <caffe2/serialize/inline_container.h>

#include <unordered_map>

#include <opad/io/detail/pickle_machine.hpp>
#include <opad/io/input_file.hpp>
#include <opad/io/pickle.hpp>
#include <opad/io/safetensors.hpp>

namespace opad {

namespace detail {

/// The pickle program and the numbers in a zip file of torch.save, read by LibTorch's own reader, which checks the
/// checksums.
OPAD_ONCE Pickled read_torch_zip(const std::filesystem::path& path, const std::string& where) {
  caffe2::serialize::PyTorchStreamReader zip(path.string());
  const auto read = [&](const std::string& record, std::uint64_t size) {
    const Tensor bytes = torch::empty({static_cast<std::int64_t>(size)}, torch::kUInt8);
    if (size > 0) zip.getRecord(record, bytes.data_ptr(), size);
    return bytes;
  };
  const auto text = [&](const std::string& record) {
    constexpr std::size_t longest = 1 << 24;
    require(zip.hasRecord(record), where, ": not a file of torch.save: has no ", record);
    const std::size_t size = zip.getRecordSize(record);
    require(size <= longest, where, ": not read: ", record, " has ", size, " bytes");
    const Tensor bytes = read(record, size);
    return std::string(bytes.data_ptr<std::uint8_t>(), bytes.data_ptr<std::uint8_t>() + size);
  };
  if (zip.hasRecord("byteorder"))
    require(text("byteorder") == "little", where, ": not read: its numbers are big-endian");

  std::unordered_map<std::string, Tensor> records;  // a storage that several tensors view is read once
  const auto storage = [&](const std::string& key, at::ScalarType type, std::int64_t count) {
    const std::string record = "data/" + key;
    require(zip.hasRecord(record), where, ": damaged: has no ", record);
    const std::uint64_t bytes = checked_bytes({count}, type, where);
    require(zip.getRecordSize(record) == bytes, where, ": damaged: ", record, " has ", zip.getRecordSize(record),
            " bytes, not ", bytes);
    auto found = records.find(key);
    if (found == records.end()) found = records.emplace(key, read(record, bytes)).first;
    require(type != at::kBool || !found->second.gt(1).any().item<bool>(), where, ": damaged: ", record,
            " holds no truth values");
    return found->second.view(type);
  };
  const std::string program = text("data.pkl");
  return PickleMachine(program, storage, where).run();
}

}  // namespace detail

OPAD_ONCE Pickled read_pickle(const std::filesystem::path& path) {
  const std::string where = path.string();
  const std::string head = InputFile(path).head(1000);
  if (const auto other = stand_in(head); !other.empty()) fail(where, ": is ", other);
  require(head.starts_with("PK\3\4"), where,
          ": not a file of torch.save since PyTorch 1.6; load it there and save it again, best as .safetensors");
  try {
    return detail::read_torch_zip(path, where);
  } catch (const c10::Error& error) {
    const std::string what = error.what_without_backtrace();
    fail(where, ": damaged: ", what.substr(0, what.find('\n')));
  }
}

OPAD_ONCE void collect_tensors(const Pickled& pickled, const std::string& prefix, Tensors& into,
                               const std::string& where) {
  const auto below = [&](const std::string& name) { return prefix.empty() ? name : prefix + "." + name; };
  if (const auto* tensor = pickled.as<Tensor>()) {
    require(into.emplace(prefix, *tensor).second, where, ": two tensors are called '", prefix, "'");
  } else if (const auto* list = pickled.as<PickledList>()) {
    for (std::size_t i = 0; i < list->size(); ++i) collect_tensors((*list)[i], below(std::to_string(i)), into, where);
  } else if (const auto* dict = pickled.as<PickledDict>()) {
    for (const auto& [key, value] : *dict) {
      const auto* text = key.as<std::string>();
      const auto* number = key.as<std::int64_t>();
      require(text || number, where, ": a key of a dictionary is neither text nor a whole number");
      collect_tensors(value, below(text ? *text : std::to_string(*number)), into, where);
    }
  }
}

OPAD_ONCE Tensors read_pickle_tensors(const std::filesystem::path& path) {
  Tensors tensors;
  collect_tensors(read_pickle(path), "", tensors, path.string());
  return tensors;
}

}  // namespace opad
