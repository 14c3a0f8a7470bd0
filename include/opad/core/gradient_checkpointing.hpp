#pragma once
#include <functional>
#include <tuple>

#include <opad/core/once.hpp>
#include <opad/core/tensor.hpp>

namespace opad {

/// Gradient checkpointing: of a block of a network only the inputs are kept for the backward pass, and the block is run
/// again when that asks for what was computed inside. Chen et al., "Training Deep Nets with Sublinear Memory Cost",
/// 2016, arXiv 1604.06174.
/// The graph is the usual one; only the tensors in it are made anew. So gradients are added in the usual order and have
/// the usual bits, for inputs and parameters, in a second backward pass of the same graph, and in the backward pass of
/// a backward pass (which runs a block once more).

/// A network that can do so: it passes the flag to its blocks.
struct GradientCheckpointing {
  bool gradient_checkpointing = false;
};

namespace detail {

/// An input of a block as it was, without the graph that led to it. `again` throws where it was changed in place since.
class KeptInput {
 public:
  KeptInput(const Tensor& input)  // NOLINT(google-explicit-constructor): stands for it
      : value_(input.defined() ? input.detach() : input),
        learns_(input.defined() && input.requires_grad()),
        version_(input.defined() ? input._version() : 0) {}
  OPAD_ONCE Tensor again() const {
    TORCH_CHECK(!value_.defined() || value_._version() == version_,
                "gradient checkpointing: an input of a block was changed in place after the block had run");
    return value_.defined() ? value_.detach().requires_grad_(learns_) : value_;
  }

 private:
  Tensor value_;
  bool learns_;
  std::int64_t version_;
};

/// The same for what is no tensor.
template <class Value>
struct KeptValue {
  Value value;
  const Value& again() const { return value; }
};
inline KeptInput kept(const Tensor& input) { return input; }
template <class Value>
KeptValue<Value> kept(const Value& value) {
  return {value};
}

/// first() with a graph that keeps nothing, and calls `again` where it needs something.
Tensor checkpoint(torch::DeviceType device, const std::function<Tensor()>& first, std::function<Tensor()> again);

}  // namespace detail

/// block(input, rest...), or block->forward(input, rest...), checkpointed where `on` is true. A block within a block is
/// not checkpointed by itself.
///   block  gives the same for the same inputs, without random numbers; it is copied, and must own what it uses
///   input  its device is the block's
///   rest   more tensors, of which some may be undefined, and other values
template <class Block, class... Rest>
Tensor checkpointed(bool on, const Block& block, const Tensor& input, const Rest&... rest) {
  const auto run = [block](const auto&... inputs) -> Tensor {
    if constexpr (requires { block->forward(inputs...); }) return block->forward(inputs...);
    else return block(inputs...);
  };
  if (!on || !torch::GradMode::is_enabled()) return run(input, rest...);
  return detail::checkpoint(
      input.device().type(), [&] { return run(input, rest...); },
      [run, kept = std::tuple(detail::kept(input), detail::kept(rest)...)] {
        return std::apply([&](const auto&... each) { return run(each.again()...); }, kept);
      });
}

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/core/detail/gradient_checkpointing.hpp>
#endif
