#pragma once
#include <opad/core/tensor.hpp>

namespace opad {

/// A picture as bytes, the one way that pictures leave: [3, H, W] in [-1, 1] -> uint8 [H, W, 3]. Values beyond are
/// clipped, what is no number becomes grey.
inline Tensor to_bytes(const Tensor& image) {
  const auto value = image.detach().to(torch::kCPU, torch::kFloat32).nan_to_num(0);
  return ((value + 1) * 127.5).round().clamp(0, 255).permute({1, 2, 0}).to(torch::kUInt8).contiguous();
}

}  // namespace opad
