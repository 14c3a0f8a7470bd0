#pragma once
#include <string>
#include <string_view>

#include <opad/core/tensor.hpp>

namespace opad {

/// A function between two layers, element by element.
using Activation = Tensor (*)(const Tensor&);

/// The function between two layers, by the name that config files of diffusers, transformers and timm give it.
///   silu, swish  x sigmoid(x)                 gelu        x Phi(x), exact
///   quick_gelu   x sigmoid(1.702 x)           mish        x tanh(log(1 + e^x))          relu  max(x, 0)
/// where  the file's name, for error messages; key  the option's
inline Activation activation(std::string_view name, const std::string& where, std::string_view key) {
  if (name == "silu" || name == "swish") return [](const Tensor& x) { return at::silu(x); };
  if (name == "gelu") return [](const Tensor& x) { return at::gelu(x); };
  if (name == "quick_gelu") return [](const Tensor& x) { return x * at::sigmoid(1.702 * x); };
  if (name == "mish") return [](const Tensor& x) { return at::mish(x); };
  if (name == "relu") return [](const Tensor& x) { return at::relu(x); };
  fail(where, ": ", key, " = \"", name, "\" is not supported; it can be silu, swish, gelu, quick_gelu, mish or relu");
}

}  // namespace opad
