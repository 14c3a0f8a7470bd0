#pragma once
#include <opad/io/finite.hpp>

namespace opad {

OPAD_ONCE bool is_finite(const Tensor& tensor) {
  if (tensor.numel() == 0 || !(tensor.is_floating_point() || tensor.is_complex())) return true;
  if (tensor.is_complex()) return is_finite(at::view_as_real(tensor));
  const bool narrow = tensor.element_size() == 1;  // LibTorch cannot compare numbers of 8 bits
  const auto [low, high] = at::aminmax(narrow ? tensor.to(torch::kFloat32) : tensor.detach());
  return std::isfinite(low.item<double>()) && std::isfinite(high.item<double>());
}

OPAD_ONCE void require_finite(const std::string& name, const Tensor& tensor, const std::string& where) {
  if (is_finite(tensor)) return;
  Tensor numbers = tensor.detach().reshape({-1});
  if (numbers.element_size() == 1) numbers = numbers.to(torch::kFloat32);
  const auto at = numbers.isfinite().logical_not().to(torch::kUInt8).argmax().item<std::int64_t>();
  fail(where, ": the tensor '", name, "' holds ", numbers[at].isnan().item<bool>() ? "a NaN" : "an infinity",
       ", first at number ", at, " of ", tensor.numel());
}

OPAD_ONCE void require_finite(const Tensors& tensors, const std::string& where) {
  for (const auto& [name, tensor] : tensors) require_finite(name, tensor, where);
}

}  // namespace opad
