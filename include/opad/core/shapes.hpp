#pragma once
#include <cstdint>

#include <opad/core/once.hpp>

/// Programs run on shapes alone: tensors on LibTorch's device "meta" have sizes and types and no memory, so a whole
/// iteration takes a moment and room for nothing. What it would take is counted.
namespace opad::shapes {

/// Teaches that device, once, what LibTorch computes there only in part: convolutions, norms and attention by their
/// shapes, with the working memory of the CPU's kernels; and every other operator by running it on zeros. Numbers that
/// are asked for, as by Tensor::item, are those of zeros.
void prepare();

/// Bytes of the tensors on that device.
struct Bytes {
  std::int64_t now = 0, most = 0;
};
/// Counts them.
Bytes bytes();

/// From here on `most` is counted anew.
void forget_most();

}  // namespace opad::shapes

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/core/detail/shapes.hpp>
#endif
