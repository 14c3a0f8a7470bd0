#pragma once
#include <torch/nn/module.h>
#include <cmath>
#include <concepts>
#include <memory>
#include <string_view>

#include <opad/core/random.hpp>

namespace opad {

/// The trained part of a critic: features [B, tokens, width] -> logits [B, outputs], or [B, tokens, outputs] where each
/// token is judged.
struct HeadNetwork : torch::nn::Module {
  virtual Tensor forward(const Tensor& features) const = 0;
};

/// Builds a fresh network for features of a shape.
///   head.build(tokens, width, outputs, stream) -> std::shared_ptr<HeadNetwork>
template <class H>
concept Head = requires(const H& head, std::int64_t n, Stream& stream) {
  { H::name } -> std::convertible_to<std::string_view>;
  { head.build(n, n, n, stream) } -> std::convertible_to<std::shared_ptr<HeadNetwork>>;
};

/// Every token scaled to length sqrt(width), so that the size of features, which tells real from made at once where the
/// student's pictures lack contrast, says nothing.  [..., width]
inline Tensor normalised_tokens(const Tensor& features) {
  return features * (std::sqrt(static_cast<double>(features.size(-1))) / features.norm(2, -1, true).clamp_min(1e-8));
}

}  // namespace opad
