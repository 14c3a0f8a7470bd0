#pragma once
#include <torch/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <opad/core/error.hpp>

namespace opad {

using torch::Tensor;

/// The sizes of a tensor.
using Shape = std::vector<std::int64_t>;

/// Named tensors: what a weight file holds.
using Tensors = std::map<std::string, Tensor>;

/// Named tensors in a fixed order: what trains.
using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

/// Copies a checkpoint's tensors into a training's own, each into the one of its name. `saved` may hold more.
inline void copy_state(const Tensors& own, const Tensors& saved, const std::string& where) {
  torch::NoGradGuard no_grad;
  for (const auto& [name, tensor] : own) {
    const auto found = saved.find(name);
    require(found != saved.end() && found->second.sizes() == tensor.sizes(), where, ": the checkpoint has no '", name,
            "' of shape ", tensor.sizes(), "; was it written by another recipe?");
    Tensor(tensor).copy_(found->second);
  }
}

/// Throws unless both tensors have the same shape.
inline void require_same_shape(std::string_view who, const Tensor& student, const Tensor& target) {
  require(student.sizes() == target.sizes(), who, ": student ", student.sizes(), " and target ", target.sizes(),
          " differ in shape; compare latents with latents or images with images");
}

/// The tensor on a device, in `type` (none: its own). The host does not wait for a copy that goes to the device; to a
/// CUDA device it goes by way of pinned memory.
inline Tensor to_device(const Tensor& tensor, torch::Device device, std::optional<torch::ScalarType> type = {}) {
  const Tensor typed = type ? tensor.to(*type) : tensor;
  if (!typed.is_cpu() || device.is_cpu()) return typed.to(device);
  return (device.is_cuda() ? typed.pin_memory() : typed).to(device, typed.scalar_type(), /*non_blocking=*/true);
}

/// A value for each sample, shaped to multiply a [B, ...] tensor of as many dimensions as `like`.
/// [B] -> [B, 1, 1, ...]
inline Tensor per_sample(const Tensor& value, const Tensor& like) {
  Shape shape(static_cast<std::size_t>(like.dim()), 1);
  shape[0] = -1;
  return value.view(shape);
}

}  // namespace opad
