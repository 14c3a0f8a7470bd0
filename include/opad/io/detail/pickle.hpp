#pragma once
#include <opad/io/pickle.hpp>

namespace opad {

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
