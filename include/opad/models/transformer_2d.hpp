#pragma once
#include <opad/models/attention.hpp>

namespace opad {

/// Feed-forward layer with gated GELU: W2 (h * gelu(g)), [h, g] = W1 x, four times as wide inside, exact (erf) GELU.
/// Shazeer, "GLU variants improve transformer", 2020, arXiv 2002.05202.  [B, N, width] -> [B, N, width]
struct FeedForward : torch::nn::Module {
  std::shared_ptr<LinearLayer> in, out;  // "net.0.proj", "net.2"; net.1 is dropout
  explicit FeedForward(std::int64_t width) {
    auto net = register_module("net", std::make_shared<torch::nn::Module>());
    in = net->register_module("0", std::make_shared<torch::nn::Module>())
             ->register_module("proj", std::make_shared<LinearLayer>(width, 8 * width));
    out = net->register_module("2", std::make_shared<LinearLayer>(4 * width, width));
  }
  Tensor forward(const Tensor& x) const {
    const auto halves = in->forward(x).chunk(2, -1);
    return out->forward(halves[0] * at::gelu(halves[1]));
  }
};

/// Self-attention, cross-attention to the text and feed-forward, each with a LayerNorm before it and a residual around
/// it. With `only_cross` the first attends to the text as well.
///   hidden_states [B, N, width], encoder_hidden_states [B, L, cross_dim] -> [B, N, width]
struct BasicTransformerBlock : torch::nn::Module {
  std::shared_ptr<LayerNorm> norm1, norm2, norm3;
  std::shared_ptr<Attention> attn1, attn2;
  std::shared_ptr<FeedForward> ff;
  bool only_cross;
  BasicTransformerBlock(std::int64_t width, std::int64_t cross_dim, std::int64_t heads, bool only_cross_)
      : norm1(register_module("norm1", std::make_shared<LayerNorm>(width))),
        norm2(register_module("norm2", std::make_shared<LayerNorm>(width))),
        norm3(register_module("norm3", std::make_shared<LayerNorm>(width))),
        attn1(register_module("attn1",
                              std::make_shared<Attention>(width, only_cross_ ? cross_dim : width, heads, width))),
        attn2(register_module("attn2", std::make_shared<Attention>(width, cross_dim, heads, width))),
        ff(register_module("ff", std::make_shared<FeedForward>(width))),
        only_cross(only_cross_) {}
  Tensor forward(Tensor x, const Tensor& encoder_hidden_states) const {
    Tensor normed = norm1->forward(x);
    x = x + attn1->forward(normed, only_cross ? encoder_hidden_states : normed);
    x = x + attn2->forward(norm2->forward(x), encoder_hidden_states);
    return x + ff->forward(norm3->forward(x));
  }
};

/// Transformer over the pixels of a feature map.
///   x [B, C, h, w], encoder_hidden_states [B, L, cross_dim] -> [B, C, h, w]
///   linear  the two projections are stored as linear layers (SD 2.x) or as 1 x 1 convolutions (SD 1.x): the same map
///           of tokens
struct Transformer2DModel : torch::nn::Module {
  /// A map of tokens, [B, T, in] -> [B, T, out], with its weight in the layout of the file.
  struct Projection : torch::nn::Module {
    Tensor weight, bias;
    Projection(std::int64_t in, std::int64_t out, bool linear) {
      weight = register_parameter("weight", torch::empty(linear ? Shape{out, in} : Shape{out, in, 1, 1}), false);
      bias = register_parameter("bias", torch::empty({out}), false);
    }
    Tensor forward(const Tensor& tokens) const { return at::linear(tokens, weight.flatten(1), bias); }
  };

  std::shared_ptr<GroupNorm> norm;
  std::shared_ptr<Projection> proj_in, proj_out;
  std::shared_ptr<ModuleList<BasicTransformerBlock>> transformer_blocks;
  Transformer2DModel(std::int64_t channels, std::int64_t cross_dim, std::int64_t heads, std::int64_t layers,
                     std::int64_t groups, bool linear, bool only_cross = false) {
    const std::int64_t width =
        heads * (channels / heads);  // as diffusers rounds where the heads do not divide the channels
    norm = register_module("norm", std::make_shared<GroupNorm>(groups, channels, 1e-6));
    proj_in = register_module("proj_in", std::make_shared<Projection>(channels, width, linear));
    transformer_blocks = register_module("transformer_blocks", std::make_shared<ModuleList<BasicTransformerBlock>>());
    for (std::int64_t i = 0; i < layers; ++i) transformer_blocks->emplace(width, cross_dim, heads, only_cross);
    proj_out = register_module("proj_out", std::make_shared<Projection>(width, channels, linear));
  }
  Tensor forward(const Tensor& x, const Tensor& encoder_hidden_states) const {
    Tensor tokens = proj_in->forward(norm->forward(x).flatten(2).transpose(1, 2));  // [B, h w, width]
    for (const auto& block : *transformer_blocks) tokens = block->forward(std::move(tokens), encoder_hidden_states);
    return x + proj_out->forward(tokens).transpose(1, 2).unflatten(2, {x.size(2), x.size(3)});
  }
};

}  // namespace opad
