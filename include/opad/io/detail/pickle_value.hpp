#pragma once
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include <opad/io/pickled.hpp>

namespace opad::detail {

/// What is on the stack of a pickle program: data, and what tensors are rebuilt from.
struct PickleValue {
  using Tuple = std::vector<PickleValue>;
  struct Global {
    enum class Class { Storage, RebuildTensor, RebuildParameter, OrderedDict } what;
    at::ScalarType type = at::kFloat;  // of a storage
  };
  struct Storage {
    Tensor flat;
  };

  std::variant<Pickled, Tuple, Global, Storage> held;
  int depth = 0;  // of the containers inside
};

/// The classes and functions that a pickle program may name, as "module name": nothing else is looked up.
inline const std::unordered_map<std::string, PickleValue::Global>& known_globals() {
  using Global = PickleValue::Global;
  using Class = Global::Class;
  static const std::unordered_map<std::string, Global> globals{
      {"collections OrderedDict", {Class::OrderedDict}},
      {"torch._utils _rebuild_tensor_v2", {Class::RebuildTensor}},
      {"torch._utils _rebuild_parameter", {Class::RebuildParameter}},
      {"torch FloatStorage", {Class::Storage, at::kFloat}},
      {"torch DoubleStorage", {Class::Storage, at::kDouble}},
      {"torch HalfStorage", {Class::Storage, at::kHalf}},
      {"torch BFloat16Storage", {Class::Storage, at::kBFloat16}},
      {"torch LongStorage", {Class::Storage, at::kLong}},
      {"torch IntStorage", {Class::Storage, at::kInt}},
      {"torch ShortStorage", {Class::Storage, at::kShort}},
      {"torch CharStorage", {Class::Storage, at::kChar}},
      {"torch ByteStorage", {Class::Storage, at::kByte}},
      {"torch BoolStorage", {Class::Storage, at::kBool}},
      {"torch ComplexFloatStorage", {Class::Storage, at::kComplexFloat}},
  };
  return globals;
}

}  // namespace opad::detail
