#pragma once
#include <torch/nn/module.h>

#include <boost/hana.hpp>
#include <concepts>
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
///   head.normalise   whether each token's features are scaled to length sqrt(width) first, so that their size, which
///   tells real from
///                    made at once where the student's pictures lack contrast, says nothing
template <class H>
concept Head = requires(const H& head, std::int64_t n, Stream& stream) {
  { H::name } -> std::convertible_to<std::string_view>;
  { head.normalise } -> std::convertible_to<bool>;
  { head.build(n, n, n, stream) } -> std::convertible_to<std::shared_ptr<HeadNetwork>>;
};

/// Every token scaled to length sqrt(width).  [..., width]
inline Tensor normalised_tokens(const Tensor& features) {
  return features * (std::sqrt(static_cast<double>(features.size(-1))) / features.norm(2, -1, true).clamp_min(1e-8));
}

namespace detail {
/// Linear layers with ReLU between them on the last dimension; parameters "0.weight", "0.bias", "2.weight", ... (the
/// numbers that torch.nn.Sequential gives). Initial values: uniform within 1 / sqrt(fan in), PyTorch's default for
/// linear layers.
struct PerceptronNetwork : HeadNetwork {
  /// flat: the tokens of a picture are one vector; else each is judged by the same layers.
  PerceptronNetwork(const std::vector<std::int64_t>& widths, Stream& stream, bool normalise, bool flat = true)
      : normalise_(normalise),
        flat_(flat) {
    for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
      const double bound = 1 / std::sqrt(static_cast<double>(widths[i]));
      const auto child = register_module(std::to_string(2 * i), std::make_shared<torch::nn::Module>());
      const auto uniform = [&](at::IntArrayRef shape) { return (stream.uniform(shape) * 2 - 1) * bound; };
      layers_.push_back({child->register_parameter("weight", uniform({widths[i + 1], widths[i]})),
                         child->register_parameter("bias", uniform({widths[i + 1]}))});
    }
  }
  Tensor forward(const Tensor& features) const override {
    Tensor x = normalise_ ? normalised_tokens(features) : features;
    if (flat_) x = x.flatten(1);
    for (std::size_t i = 0; i < layers_.size(); ++i)
      x = at::linear(i ? at::relu(x) : x, layers_[i].weight, layers_[i].bias);
    return x;
  }

 private:
  struct Layer {
    Tensor weight, bias;
  };
  bool normalise_, flat_;
  std::vector<Layer> layers_;
};

/// A perceptron of its own for each token: "0.weight" [tokens, width, hidden], "0.bias" [tokens, 1, hidden],
/// "2.weight", "2.bias".
struct PerTokenNetwork : HeadNetwork {
  PerTokenNetwork(std::int64_t tokens, const std::vector<std::int64_t>& widths, Stream& stream, bool normalise)
      : normalise_(normalise) {
    for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
      const double bound = 1 / std::sqrt(static_cast<double>(widths[i]));
      const auto child = register_module(std::to_string(2 * i), std::make_shared<torch::nn::Module>());
      const auto uniform = [&](at::IntArrayRef shape) { return (stream.uniform(shape) * 2 - 1) * bound; };
      layers_.emplace_back(child->register_parameter("weight", uniform({tokens, widths[i], widths[i + 1]})),
                           child->register_parameter("bias", uniform({tokens, 1, widths[i + 1]})));
    }
  }
  Tensor forward(const Tensor& features) const override {
    Tensor x = (normalise_ ? normalised_tokens(features) : features).transpose(0, 1);  // [tokens, B, width]
    for (std::size_t i = 0; i < layers_.size(); ++i)
      x = at::baddbmm(layers_[i].second, i ? at::relu(x) : x, layers_[i].first);
    return x.transpose(0, 1);
  }

 private:
  bool normalise_;
  std::vector<std::pair<Tensor, Tensor>> layers_;
};
}  // namespace detail

/// One linear map of the flattened features.
struct Linear {
  static constexpr std::string_view name = "linear";
  bool normalise = false;
  std::shared_ptr<HeadNetwork> build(std::int64_t tokens, std::int64_t width, std::int64_t outputs,
                                     Stream& stream) const {
    return std::make_shared<detail::PerceptronNetwork>(std::vector{tokens * width, outputs}, stream, normalise);
  }
};

/// Linear, ReLU, linear on the flattened features. The released trainer's; default width: its.
struct Mlp {
  static constexpr std::string_view name = "mlp";
  std::int64_t hidden = 512;
  bool normalise = false;
  std::shared_ptr<HeadNetwork> build(std::int64_t tokens, std::int64_t width, std::int64_t outputs,
                                     Stream& stream) const {
    require(hidden > 0, "Mlp: hidden = ", hidden, "; give a positive width");
    return std::make_shared<detail::PerceptronNetwork>(std::vector{tokens * width, hidden, outputs}, stream, normalise);
  }
};

/// Each token is judged by the same perceptron (hidden 0: the same linear map): for Features<Patches<Dino>>, where
/// every patch of a picture must pass for real. Isola et al., "Image-to-Image Translation with Conditional Adversarial
/// Networks" (PatchGAN), CVPR 2017, arXiv 1611.07004; on frozen tokens: Sauer et al., "Adversarial Diffusion
/// Distillation", ECCV 2024, arXiv 2311.17042.
struct PatchTokens {
  static constexpr std::string_view name = "patch-tokens";
  std::int64_t hidden = 0;
  bool normalise = false;
  std::shared_ptr<HeadNetwork> build(std::int64_t, std::int64_t width, std::int64_t outputs, Stream& stream) const {
    require(hidden >= 0, "PatchTokens: hidden = ", hidden, "; give a width, or 0 for a linear head");
    auto widths = hidden > 0 ? std::vector{width, hidden, outputs} : std::vector{width, outputs};
    return std::make_shared<detail::PerceptronNetwork>(widths, stream, normalise, /*flat=*/false);
  }
};

/// A projection and a judgement of its own for each token: for Features<Layers<Dino, ...>>, where a token is a depth of
/// the network. Sauer et al., "Projected GANs Converge Faster", NeurIPS 2021, arXiv 2111.01007 (there the projections
/// are random and fixed).
struct MultiLayer {
  static constexpr std::string_view name = "multi-layer";
  std::int64_t hidden = 64;
  bool normalise = true;  // depths differ widely in size
  std::shared_ptr<HeadNetwork> build(std::int64_t tokens, std::int64_t width, std::int64_t outputs,
                                     Stream& stream) const {
    require(hidden > 0, "MultiLayer: hidden = ", hidden, "; give a positive width");
    return std::make_shared<detail::PerTokenNetwork>(tokens, std::vector{width, hidden, outputs}, stream, normalise);
  }
};
static_assert(Head<Linear> && Head<Mlp> && Head<PatchTokens> && Head<MultiLayer>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::Linear, normalise);
BOOST_HANA_ADAPT_STRUCT(opad::Mlp, hidden, normalise);
BOOST_HANA_ADAPT_STRUCT(opad::PatchTokens, hidden, normalise);
BOOST_HANA_ADAPT_STRUCT(opad::MultiLayer, hidden, normalise);
