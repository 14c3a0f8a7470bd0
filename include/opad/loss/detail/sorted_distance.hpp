#pragma once
#include <ATen/Parallel.h>
#include <ATen/record_function.h>
#include <torch/csrc/autograd/custom_function.h>
#ifdef OPAD_HIGHWAY
#include <hwy/contrib/sort/vqsort.h>
#endif

#include <bit>
#include <cmath>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/loss/sorted_distance.hpp>

namespace opad {

#ifdef OPAD_HIGHWAY
namespace detail {

/// An integer that is ordered as the number is: -0 like 0, NaN last.
inline std::uint32_t key_of(float x) {
  if (std::isnan(x)) return 0xffffffff;
  const auto bits = std::bit_cast<std::uint32_t>(x + 0.0f);
  return bits >> 31 ? ~bits : bits | 0x80000000;
}
inline float number_of(std::uint32_t key) { return std::bit_cast<float>(key >> 31 ? key & 0x7fffffff : ~key); }

/// The k-th smallest number's place and the sign of its difference, in one integer:  4 place + sign + 1.
inline std::int32_t place_and_sign(std::uint32_t place, float difference) {
  return static_cast<std::int32_t>(place << 2) + (difference > 0) - (difference < 0) + 1;
}

/// What sorting gives: differences of the sorted numbers, and for the backward pass where each came from.
struct SortedRows {
  Tensor difference, places;  // [B, n, positions], float32 and int32; no places where nobody wants them
};
OPAD_ONCE SortedRows sort_rows(const Tensor& student, const Tensor& target, bool with_places) {
  RECORD_FUNCTION("opad::sort_rows", c10::ArrayRef<const c10::IValue>());  // a profile names it
  const Tensor left = student.contiguous(), right = target.contiguous();
  const std::int64_t positions = left.size(2), rows = left.size(0) * left.size(1);
  SortedRows out{at::empty_like(left),
                 with_places ? at::empty_like(left, left.options().dtype(torch::kInt32)) : Tensor()};
  if (left.is_meta()) return out;  // the shapes alone, for who counts memory (core/shapes.hpp)
  const float *const a = left.const_data_ptr<float>(), *const b = right.const_data_ptr<float>();
  float* const difference = out.difference.data_ptr<float>();
  std::int32_t* const places = with_places ? out.places.data_ptr<std::int32_t>() : nullptr;
  at::parallel_for(0, rows, 1, [&](std::int64_t begin, std::int64_t end) {
    const hwy::Sorter sort;
    const auto n = static_cast<std::size_t>(positions);
    std::vector<std::uint32_t> keys(n), others(n);
    std::vector<std::uint64_t> pairs(with_places ? n
                                                 : 0);  // the key above, its place below: equal numbers stay in order
    for (std::int64_t row = begin; row < end; ++row) {
      const std::size_t at = static_cast<std::size_t>(row) * n;
      for (std::size_t i = 0; i < n; ++i) others[i] = key_of(b[at + i]);
      sort(others.data(), n, hwy::SortAscending());
      if (!with_places) {
        for (std::size_t i = 0; i < n; ++i) keys[i] = key_of(a[at + i]);
        sort(keys.data(), n, hwy::SortAscending());
        for (std::size_t i = 0; i < n; ++i) difference[at + i] = number_of(keys[i]) - number_of(others[i]);
        continue;
      }
      for (std::size_t i = 0; i < n; ++i) pairs[i] = static_cast<std::uint64_t>(key_of(a[at + i])) << 32 | i;
      sort(pairs.data(), n, hwy::SortAscending());
      for (std::size_t i = 0; i < n; ++i) {
        difference[at + i] = number_of(static_cast<std::uint32_t>(pairs[i] >> 32)) - number_of(others[i]);
        places[at + i] = place_and_sign(static_cast<std::uint32_t>(pairs[i]), difference[at + i]);
      }
    }
  });
  return out;
}

/// Each sample's number, with the signs that the sorting found, at the places where the numbers were.
///   scale [B], places [B, n, positions] -> [B, n, positions]
OPAD_ONCE Tensor scatter_signs(const Tensor& scale, const Tensor& places) {
  Tensor out = at::empty(places.sizes(), scale.options());
  if (out.is_meta()) return out;
  const Tensor scales = scale.contiguous();
  const std::int64_t each = places.size(1), positions = places.size(2);
  const float* const from = scales.const_data_ptr<float>();
  const std::int32_t* const where = places.const_data_ptr<std::int32_t>();
  float* const to = out.data_ptr<float>();
  at::parallel_for(0, places.size(0) * each, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const float size = from[row / each];
      for (std::int64_t i = row * positions; i < (row + 1) * positions; ++i)
        to[row * positions + (where[i] >> 2)] = size * static_cast<float>((where[i] & 3) - 1);
    }
  });
  return out;
}

struct SortedDistance : torch::autograd::Function<SortedDistance> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& student, const Tensor& target) {
    const SortedRows sorted = sort_rows(student, target, true);
    context->save_for_backward({sorted.places});
    return sorted.difference.abs().mean({1, 2});
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               const torch::autograd::tensor_list& gradients) {
    const Tensor places = context->get_saved_variables()[0];
    return {scatter_signs(gradients[0] / (places.size(1) * places.size(2)), places), Tensor()};
  }
};

}  // namespace detail
#endif

OPAD_ONCE Tensor sorted_distance(const Tensor& student, const Tensor& target) {
#ifdef OPAD_HIGHWAY
  const auto plain = [](const Tensor& t) {
    return (t.is_cpu() || t.is_meta()) && t.scalar_type() == torch::kFloat32 && t.numel() > 0;
  };
  // a place shares 32 bits with a sign
  if (plain(student) && plain(target) && !target.requires_grad() && student.size(2) < std::int64_t{1} << 29) {
    if (at::GradMode::is_enabled() && student.requires_grad()) return detail::SortedDistance::apply(student, target);
    return detail::sort_rows(student, target, false).difference.abs().mean({1, 2});
  }
#endif
  return sorted_distance_by_torch(student, target);
}

}  // namespace opad
