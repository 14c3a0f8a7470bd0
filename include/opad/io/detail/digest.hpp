#pragma once
#include <xxhash.h>

#include <cstdio>
#include <memory>

#include <opad/io/detail/checksums.hpp>
#include <opad/io/digest.hpp>
#include <opad/io/folder.hpp>
#include <opad/io/json.hpp>
#include <opad/io/mapped_file.hpp>

namespace opad {

namespace detail {

/// XXH3-64 of what is added, piece by piece.
class RunningChecksum {
 public:
  RunningChecksum() { XXH3_64bits_reset(state_.get()); }
  void add(const void* data, std::size_t size) { XXH3_64bits_update(state_.get(), data, size); }
  void add(std::string_view text) {
    const std::uint64_t size = text.size();  // so that "ab", "c" is not "a", "bc"
    add(&size, sizeof size), add(text.data(), text.size());
  }
  std::string digits() const {
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(XXH3_64bits_digest(state_.get())));
    return text;
  }

 private:
  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  std::unique_ptr<XXH3_state_t, Free> state_{XXH3_createState()};
};

inline std::string values_of_json(const std::filesystem::path& file) {
  auto json = read_json<nlohmann::json>(file);
  if (json.is_object())
    for (auto it = json.begin(); it != json.end();) it = it.key().starts_with('_') ? json.erase(it) : std::next(it);
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

OPAD_ONCE void add_texts(RunningChecksum& sum, const std::filesystem::path& folder, int depth) {
  for (const auto& entry : entries_of(folder)) {
    const auto name = entry.path().filename().string();
    const bool json = name.ends_with(".json") && !name.ends_with(".index.json");
    if (depth > 0 && is_folder(entry.path())) sum.add(name), add_texts(sum, entry.path(), depth - 1);
    else if (is_file(entry) && (json || name.ends_with(".txt")))
      sum.add(name), sum.add(json ? values_of_json(entry.path()) : read_file(entry.path()));
  }
}

}  // namespace detail

OPAD_ONCE std::string digest(std::string_view bytes) { return detail::checksum(bytes.data(), bytes.size()); }

OPAD_ONCE std::string digest(const Tensors& tensors) {
  detail::RunningChecksum sum;
  for (const auto& [name, tensor] : tensors) {
    const Tensor plain = tensor.detach().cpu().contiguous();
    sum.add(name), sum.add(c10::str(plain.scalar_type(), plain.sizes()));
    sum.add(plain.const_data_ptr(), plain.nbytes());
  }
  return sum.digits();
}

OPAD_ONCE std::string digest_of_texts(const std::filesystem::path& folder) {
  detail::RunningChecksum sum;
  if (is_folder(folder)) detail::add_texts(sum, folder, 1);
  return sum.digits();
}

OPAD_ONCE std::string digest_of_files(const std::filesystem::path& folder) {
  detail::RunningChecksum sum;
  for (const auto& entry : entries_of(folder)) {
    if (!is_file(entry)) continue;
    const MappedFile file(entry.path());
    sum.add(entry.path().filename().string());
    sum.add({reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()});
  }
  return sum.digits();
}

}  // namespace opad
