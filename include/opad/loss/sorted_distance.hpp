#pragma once
#include <opad/core/tensor.hpp>

namespace opad {

/// Rows of numbers compared in sorted order: the Wasserstein-1 distance of each row's two empirical distributions, and
/// the mean over the rows.   mean over n and k of |student_(k) - target_(k)|
///   student, target  [B, n, positions]  ->  [B]
/// The gradient of a number is the sign of its difference over n positions; among equal numbers the first place counts
/// as the smaller. NaN counts as the largest, as LibTorch has it.
/// On the CPU, for float32 and a target without gradient, Google Highway's vqsort sorts where the build found it;
/// elsewhere LibTorch's stable sort does. Both give the same values and gradients, bit for bit.
Tensor sorted_distance(const Tensor& student, const Tensor& target);

/// The same by LibTorch's operators alone, on any device.
inline Tensor sorted_distance_by_torch(const Tensor& student, const Tensor& target) {
  const auto sorted = [](const Tensor& rows) {
    return std::get<0>(at::sort(rows, std::optional<bool>(true) /*stable*/, -1));
  };
  return (sorted(student) - sorted(target)).abs().mean({1, 2});
}

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/loss/detail/sorted_distance.hpp>
#endif
