#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <opad/core/tensor.hpp>

namespace opad {

struct Pickled;
struct PickledItem;
/// A list or tuple.
using PickledList = std::vector<Pickled>;
/// A dictionary, in the order of the file.
using PickledDict = std::vector<PickledItem>;

/// What a file of torch.save holds, as far as it is data: None, numbers, strings, tensors, lists (tuples too),
/// dictionaries.
struct Pickled {
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Tensor, PickledList, PickledDict> value;

  template <class T>
  const T* as() const {  // null unless it is a T
    return std::get_if<T>(&value);
  }
  /// The value at a dictionary's key, null where there is none.
  const Pickled* find(std::string_view key) const;
};

/// An entry of a dictionary.
struct PickledItem {
  Pickled key, value;
};

inline const Pickled* Pickled::find(std::string_view key) const {
  if (const auto* dict = as<PickledDict>())
    for (const auto& [name, item] : *dict)
      if (const auto* text = name.as<std::string>(); text && *text == key) return &item;
  return nullptr;
}

}  // namespace opad
