#pragma once
#include <torch/nn/module.h>

#include <boost/hana.hpp>
#include <concepts>
#include <string_view>

#include <opad/core/random.hpp>

namespace opad {

/// The trained part of a critic: features [B, tokens, width] -> logits [B, outputs].
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

namespace detail {
/// Linear layers with ReLU between them on the flattened features; parameters "0.weight", "0.bias", "2.weight", ... (the numbers that
/// torch.nn.Sequential gives). Initial values: uniform within 1 / sqrt(fan in), PyTorch's default for linear layers.
struct PerceptronNetwork : HeadNetwork {
  PerceptronNetwork(const std::vector<std::int64_t>& widths, Stream& stream) {
    for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
      const double bound = 1 / std::sqrt(static_cast<double>(widths[i]));
      const auto child = register_module(std::to_string(2 * i), std::make_shared<torch::nn::Module>());
      const auto uniform = [&](at::IntArrayRef shape) { return (stream.uniform(shape) * 2 - 1) * bound; };
      layers_.push_back({child->register_parameter("weight", uniform({widths[i + 1], widths[i]})),
                         child->register_parameter("bias", uniform({widths[i + 1]}))});
    }
  }
  Tensor forward(const Tensor& features) const override {
    Tensor x = features.flatten(1);
    for (std::size_t i = 0; i < layers_.size(); ++i) x = at::linear(i ? at::relu(x) : x, layers_[i].weight, layers_[i].bias);
    return x;
  }

 private:
  struct Layer {
    Tensor weight, bias;
  };
  std::vector<Layer> layers_;
};
}  // namespace detail

/// One linear map of the flattened features.
struct Linear {
  static constexpr std::string_view name = "linear";
  std::shared_ptr<HeadNetwork> build(std::int64_t tokens, std::int64_t width, std::int64_t outputs, Stream& stream) const {
    return std::make_shared<detail::PerceptronNetwork>(std::vector{tokens * width, outputs}, stream);
  }
};

/// Linear, ReLU, linear on the flattened features. The released trainer's; default width: its.
struct Mlp {
  static constexpr std::string_view name = "mlp";
  std::int64_t hidden = 512;
  std::shared_ptr<HeadNetwork> build(std::int64_t tokens, std::int64_t width, std::int64_t outputs, Stream& stream) const {
    require(hidden > 0, "Mlp: hidden = ", hidden, "; give a positive width");
    return std::make_shared<detail::PerceptronNetwork>(std::vector{tokens * width, hidden, outputs}, stream);
  }
};
static_assert(Head<Linear> && Head<Mlp>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::Mlp, hidden);
