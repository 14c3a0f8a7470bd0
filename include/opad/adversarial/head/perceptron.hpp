#pragma once
#include <string>
#include <utility>
#include <vector>

#include <opad/adversarial/head/head.hpp>

namespace opad {

namespace detail {
/// Linear layers with ReLU between them on the last dimension; parameters "0.weight", "0.bias", "2.weight", ... (the
/// numbers that torch.nn.Sequential gives). Initial values: uniform within 1 / sqrt(fan in), PyTorch's default for
/// linear layers.
struct PerceptronNetwork : HeadNetwork {
  /// flat: the tokens of a picture are one vector; else each is judged by the same layers.
  PerceptronNetwork(const std::vector<std::int64_t>& widths, Stream& stream, bool flat = true) : flat_(flat) {
    for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
      const double bound = 1 / std::sqrt(static_cast<double>(widths[i]));
      const auto child = register_module(std::to_string(2 * i), std::make_shared<torch::nn::Module>());
      const auto uniform = [&](at::IntArrayRef shape) { return (stream.uniform(shape) * 2 - 1) * bound; };
      layers_.push_back({child->register_parameter("weight", uniform({widths[i + 1], widths[i]})),
                         child->register_parameter("bias", uniform({widths[i + 1]}))});
    }
  }
  Tensor forward(const Tensor& features) const override {
    Tensor x = flat_ ? features.flatten(1) : features;
    for (std::size_t i = 0; i < layers_.size(); ++i)
      x = at::linear(i ? at::relu(x) : x, layers_[i].weight, layers_[i].bias);
    return x;
  }

 private:
  struct Layer {
    Tensor weight, bias;
  };
  bool flat_;
  std::vector<Layer> layers_;
};

/// A perceptron of its own for each token: "0.weight" [tokens, width, hidden], "0.bias" [tokens, 1, hidden],
/// "2.weight", "2.bias".
struct PerTokenNetwork : HeadNetwork {
  PerTokenNetwork(std::int64_t tokens, const std::vector<std::int64_t>& widths, Stream& stream) {
    for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
      const double bound = 1 / std::sqrt(static_cast<double>(widths[i]));
      const auto child = register_module(std::to_string(2 * i), std::make_shared<torch::nn::Module>());
      const auto uniform = [&](at::IntArrayRef shape) { return (stream.uniform(shape) * 2 - 1) * bound; };
      const Tensor bias = uniform({tokens, 1, widths[i + 1]}), weight = uniform({tokens, widths[i], widths[i + 1]});
      layers_.emplace_back(child->register_parameter("weight", weight), child->register_parameter("bias", bias));
    }
  }
  Tensor forward(const Tensor& features) const override {
    Tensor x = features.transpose(0, 1);  // [tokens, B, width]
    for (std::size_t i = 0; i < layers_.size(); ++i)
      x = at::baddbmm(layers_[i].second, i ? at::relu(x) : x, layers_[i].first);
    return x.transpose(0, 1);
  }

 private:
  std::vector<std::pair<Tensor, Tensor>> layers_;
};
}  // namespace detail

}  // namespace opad
