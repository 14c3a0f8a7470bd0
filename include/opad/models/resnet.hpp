#pragma once
#include <opad/models/activation.hpp>
#include <opad/models/layers.hpp>

namespace opad {

/// How a residual block differs from the usual one.
struct ResnetOptions {
  Activation act = [](const Tensor& x) { return at::silu(x); };
  bool scale_shift = false;  // W act(temb) = [scale, shift], and norm2's output becomes (1 + scale) norm2(...) + shift
  double output_scale = 1;   // the sum is divided by it
};

/// Residual block of U-Net and VAE:  x + conv2(act(norm2(conv1(act(norm1(x))) + W act(temb)))), with a 1 x 1
/// convolution on the shortcut where the width changes.
///   x [B, in, h, w]; temb [B or 1, temb_channels], already through act (the same for every block); temb_channels 0: no
///     time
struct ResnetBlock2D : torch::nn::Module {
  ResnetOptions options;
  std::shared_ptr<GroupNorm> norm1, norm2;
  std::shared_ptr<Conv2d> conv1, conv2, conv_shortcut;
  std::shared_ptr<LinearLayer> time_emb_proj;
  ResnetBlock2D(std::int64_t in, std::int64_t out, std::int64_t temb_channels, std::int64_t groups, double eps,
                const ResnetOptions& options_ = {})
      : options(options_),
        norm1(register_module("norm1", std::make_shared<GroupNorm>(groups, in, eps))),
        conv1(register_module("conv1", std::make_shared<Conv2d>(in, out, 3, 1, 1))) {
    if (temb_channels > 0)
      time_emb_proj = register_module(
          "time_emb_proj", std::make_shared<LinearLayer>(temb_channels, options.scale_shift ? 2 * out : out));
    norm2 = register_module("norm2", std::make_shared<GroupNorm>(groups, out, eps));
    conv2 = register_module("conv2", std::make_shared<Conv2d>(out, out, 3, 1, 1));
    if (in != out) conv_shortcut = register_module("conv_shortcut", std::make_shared<Conv2d>(in, out, 1));
  }
  Tensor forward(const Tensor& x, const Tensor& temb = {}) const {
    Tensor h = conv1->forward(options.act(norm1->forward(x)));
    const Tensor time = time_emb_proj ? time_emb_proj->forward(temb).unsqueeze(-1).unsqueeze(-1) : Tensor();
    if (options.scale_shift) {
      const auto parts = time.chunk(2, 1);
      h = norm2->forward(h) * (1 + parts[0]) + parts[1];
    } else {
      // a convolution's output is not needed by its own gradient: adding in place spares a feature map
      if (time.defined()) h.add_(time);
      h = norm2->forward(h);
    }
    h = conv2->forward(options.act(h));
    h.add_(conv_shortcut ? conv_shortcut->forward(x) : x);
    return options.output_scale == 1 ? h : h / options.output_scale;
  }
};

/// Halves the size with a strided convolution.  padding 0: one row and column of zeros right and below only (the VAE's
/// way).
struct Downsample2D : torch::nn::Module {
  std::shared_ptr<Conv2d> conv;
  Downsample2D(std::int64_t channels, std::int64_t padding)
      : conv(register_module("conv", std::make_shared<Conv2d>(channels, channels, 3, 2, padding))) {}
  Tensor forward(const Tensor& x) const {
    return conv->forward(conv->padding == 0 ? at::constant_pad_nd(x, {0, 1, 0, 1}) : x);
  }
};

/// Enlarges by the nearest neighbour to [height, width], then convolves.
struct Upsample2D : torch::nn::Module {
  std::shared_ptr<Conv2d> conv;
  explicit Upsample2D(std::int64_t channels)
      : conv(register_module("conv", std::make_shared<Conv2d>(channels, channels, 3, 1, 1))) {}
  Tensor forward(const Tensor& x, std::int64_t height, std::int64_t width) const {
    return conv->forward(at::upsample_nearest2d(x, {height, width}));
  }
};

}  // namespace opad
