#pragma once
#include <cmath>
#include <string>

#include <opad/core/once.hpp>
#include <opad/core/tensor.hpp>

namespace opad {

/// Which numbers a file may hold.
enum class Numbers { Any, Finite };

/// Whether a tensor holds neither NaN nor infinity: one pass over it, at the speed of memory. Smallest and largest of
/// numbers with a NaN among them are NaN.
bool is_finite(const Tensor& tensor);

/// Throws for a tensor with a NaN or an infinity, and says where the first one is.
///   where  the file, for the message
void require_finite(const std::string& name, const Tensor& tensor, const std::string& where);

/// The same of many.
void require_finite(const Tensors& tensors, const std::string& where);

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/io/detail/finite.hpp>
#endif
