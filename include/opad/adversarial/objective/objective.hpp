#pragma once
#include <concepts>
#include <cstdint>
#include <string_view>

#include <opad/core/tensor.hpp>

namespace opad {

/// What a critic's logits mean. Each is a loss for every picture, the mean over positions for heads that judge patches:
///   outputs                   logits for each picture or position
///   student(logits of x̂)      the student's: small when its pictures pass for real
///   real(logits of real)      the head's own two sides; its loss is half the sum of their means
///   fake(logits of x̂)
///   logits [B, ..., outputs] -> [B]
template <class O>
concept Objective = requires(const O& objective, const Tensor& logits) {
  { O::name } -> std::convertible_to<std::string_view>;
  { O::outputs } -> std::convertible_to<std::int64_t>;
  { objective.student(logits) } -> std::same_as<Tensor>;
  { objective.real(logits) } -> std::same_as<Tensor>;
  { objective.fake(logits) } -> std::same_as<Tensor>;
};

namespace detail {
/// [B, ...] -> [B]
inline Tensor mean_of_each(const Tensor& losses) { return losses.flatten(1).mean(1); }
}  // namespace detail

}  // namespace opad
