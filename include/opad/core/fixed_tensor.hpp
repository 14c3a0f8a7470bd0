#pragma once
#include <mutex>

#include <opad/core/tensor.hpp>

namespace opad {

/// A small tensor that never changes, copied once to each device and type in which it is wanted: making it anew in
/// every iteration would make a GPU wait for the host.
class FixedTensor {
 public:
  explicit FixedTensor(Tensor value) : value_(std::move(value)) {}

  /// Where `other` is, in its type.
  Tensor like(const Tensor& other) const {
    const std::lock_guard lock(mutex_);
    for (const Tensor& copy : copies_)
      if (copy.device() == other.device() && copy.scalar_type() == other.scalar_type()) return copy;
    return copies_.emplace_back(to_device(value_, other.device(), other.scalar_type()));
  }

 private:
  const Tensor value_;
  mutable std::mutex mutex_;
  mutable std::vector<Tensor> copies_;
};

}  // namespace opad
