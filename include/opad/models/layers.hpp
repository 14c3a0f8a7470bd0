#pragma once
#include <torch/nn/module.h>

#include <opad/core/gradient_checkpointing.hpp>
#include <opad/core/tensor.hpp>

namespace opad {

/// The layers that every network of this project is made of, with the parameter names of PyTorch. Parameters are
/// allocated but not filled (a Stable Diffusion U-Net's 3.5 GB are never touched before its file is mapped):
/// load_parameters or fill_random gives them their values. Frozen by default: training is the exception here, and what
/// trains is switched on by an adapter.

/// y = x W^T + b (`Linear` is a critic's head).  weight [out, in], bias [out] or none.
struct LinearLayer : torch::nn::Module {
  Tensor weight, bias;
  LinearLayer(std::int64_t in, std::int64_t out, bool with_bias = true) {
    weight = register_parameter("weight", torch::empty({out, in}), false);
    if (with_bias) bias = register_parameter("bias", torch::empty({out}), false);
  }
  Tensor forward(const Tensor& x) const {
    return at::linear(x, weight, bias.defined() ? c10::optional<Tensor>(bias) : c10::nullopt);
  }
};

/// 2-D convolution, square kernel.  weight [out, in, k, k], bias [out] or none.
struct Conv2d : torch::nn::Module {
  Tensor weight, bias;
  std::int64_t stride, padding;
  Conv2d(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride_ = 1, std::int64_t padding_ = 0,
         bool with_bias = true)
      : stride(stride_),
        padding(padding_) {
    weight = register_parameter("weight", torch::empty({out, in, kernel, kernel}), false);
    if (with_bias) bias = register_parameter("bias", torch::empty({out}), false);
  }
  Tensor forward(const Tensor& x) const {
    return at::conv2d(x, weight, bias.defined() ? c10::optional<Tensor>(bias) : c10::nullopt, {stride, stride},
                      {padding, padding});
  }
};

/// Normalisation over groups of channels.  weight, bias [channels].
struct GroupNorm : torch::nn::Module {
  Tensor weight, bias;
  std::int64_t groups;
  double eps;
  GroupNorm(std::int64_t groups_, std::int64_t channels, double eps_) : groups(groups_), eps(eps_) {
    require(groups > 0 && channels % groups == 0, "GroupNorm: ", channels, " channels do not divide into ", groups,
            " groups; see norm_num_groups in the model's config.json");
    weight = register_parameter("weight", torch::empty({channels}), false);
    bias = register_parameter("bias", torch::empty({channels}), false);
  }
  Tensor forward(const Tensor& x) const { return at::group_norm(x, groups, weight, bias, eps); }
};

/// Normalisation over the last dimension.  weight, bias [width].
struct LayerNorm : torch::nn::Module {
  Tensor weight, bias;
  double eps;
  explicit LayerNorm(std::int64_t width, double eps_ = 1e-5) : eps(eps_) {
    weight = register_parameter("weight", torch::empty({width}), false);
    bias = register_parameter("bias", torch::empty({width}), false);
  }
  Tensor forward(const Tensor& x) const { return at::layer_norm(x, {weight.size(0)}, weight, bias, eps); }
};

/// A table of rows.  weight [entries, width].
struct Embedding : torch::nn::Module {
  Tensor weight;
  Embedding(std::int64_t entries, std::int64_t width) {
    weight = register_parameter("weight", torch::empty({entries, width}), false);
  }
  Tensor forward(const Tensor& ids) const { return at::embedding(weight, ids); }
};

/// Children that are only there for their names: "layers.0", "layers.1", ...
template <class M>
struct ModuleList : torch::nn::Module {
  std::vector<std::shared_ptr<M>> items;
  template <class... Args>
  M& emplace(Args&&... args) {
    items.push_back(register_module(std::to_string(items.size()), std::make_shared<M>(std::forward<Args>(args)...)));
    return *items.back();
  }
  std::size_t size() const { return items.size(); }
  M& operator[](std::size_t i) const { return *items[i]; }
  auto begin() const { return items.begin(); }
  auto end() const { return items.end(); }
};

/// Switches gradient checkpointing on or off in a network and in those that it holds, where they can do it.
inline void set_gradient_checkpointing(torch::nn::Module& network, bool on) {
  for (const auto& module : network.modules())
    if (auto* const able = dynamic_cast<GradientCheckpointing*>(module.get())) able->gradient_checkpointing = on;
}

}  // namespace opad
