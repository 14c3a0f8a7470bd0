#pragma once
#include <opad/models/resnet.hpp>
#include <opad/models/transformer_2d.hpp>

namespace opad {

/// What all blocks of a U-Net share at one level.
struct UNetLevel {
  std::int64_t temb_channels, layers, transformer_layers, heads, cross_dim, groups;
  double eps;
  bool linear;      // projections of the transformers
  bool only_cross;  // their self-attention attends to the text too
  ResnetOptions resnet;
};

/// DownBlock2D and, with `cross`, CrossAttnDownBlock2D: resnets (each followed by a transformer), then maybe a halving.
struct UNetDownBlock : torch::nn::Module {
  std::shared_ptr<ModuleList<Transformer2DModel>> attentions;
  std::shared_ptr<ModuleList<ResnetBlock2D>> resnets;
  std::shared_ptr<ModuleList<Downsample2D>> downsamplers;
  UNetDownBlock(std::int64_t in, std::int64_t out, const UNetLevel& level, bool cross, bool downsample,
                std::int64_t padding)
      : attentions(register_module("attentions", std::make_shared<ModuleList<Transformer2DModel>>())),
        resnets(register_module("resnets", std::make_shared<ModuleList<ResnetBlock2D>>())),
        downsamplers(register_module("downsamplers", std::make_shared<ModuleList<Downsample2D>>())) {
    for (std::int64_t i = 0; i < level.layers; ++i) {
      resnets->emplace(i == 0 ? in : out, out, level.temb_channels, level.groups, level.eps, level.resnet);
      if (cross)
        attentions->emplace(out, level.cross_dim, level.heads, level.transformer_layers, level.groups, level.linear,
                            level.only_cross);
    }
    if (downsample) downsamplers->emplace(out, padding);
  }
  /// Appends every intermediate result to `skips`.
  Tensor forward(Tensor x, const Tensor& temb, const Tensor& encoder_hidden_states, std::vector<Tensor>& skips,
                 bool checkpointing = false) const {
    for (std::size_t i = 0; i < resnets->size(); ++i) {
      x = checkpointed(checkpointing, resnets->items[i], x, temb);
      if (attentions->size() > 0) x = checkpointed(checkpointing, attentions->items[i], x, encoder_hidden_states);
      skips.push_back(x);
    }
    if (downsamplers->size() > 0) skips.push_back(x = (*downsamplers)[0].forward(x));
    return x;
  }
};

/// UNetMidBlock2DCrossAttn: resnet, transformer, resnet. Without `cross` UNetMidBlock2D: one resnet.
struct UNetMidBlock : torch::nn::Module {
  std::shared_ptr<ModuleList<Transformer2DModel>> attentions;
  std::shared_ptr<ModuleList<ResnetBlock2D>> resnets;
  UNetMidBlock(std::int64_t channels, const UNetLevel& level, bool cross)
      : attentions(register_module("attentions", std::make_shared<ModuleList<Transformer2DModel>>())),
        resnets(register_module("resnets", std::make_shared<ModuleList<ResnetBlock2D>>())) {
    if (cross)
      attentions->emplace(channels, level.cross_dim, level.heads, level.transformer_layers, level.groups, level.linear);
    for (int i = 0; i < (cross ? 2 : 1); ++i)
      resnets->emplace(channels, channels, level.temb_channels, level.groups, level.eps, level.resnet);
  }
  Tensor forward(const Tensor& x, const Tensor& temb, const Tensor& encoder_hidden_states,
                 bool checkpointing = false) const {
    const Tensor h = checkpointed(checkpointing, resnets->items[0], x, temb);
    if (attentions->size() == 0) return h;
    return checkpointed(checkpointing, resnets->items[1],
                        checkpointed(checkpointing, attentions->items[0], h, encoder_hidden_states), temb);
  }
};

/// UpBlock2D and, with `cross`, CrossAttnUpBlock2D: resnets that each take a skip connection (each followed by a
/// transformer), then maybe an enlargement to the size of the next skip connection.
///   in  channels of the next level's skip connection      previous  channels that arrive from below
struct UNetUpBlock : torch::nn::Module {
  std::shared_ptr<ModuleList<Transformer2DModel>> attentions;
  std::shared_ptr<ModuleList<ResnetBlock2D>> resnets;
  std::shared_ptr<ModuleList<Upsample2D>> upsamplers;
  UNetUpBlock(std::int64_t in, std::int64_t previous, std::int64_t out, const UNetLevel& level, bool cross,
              bool upsample)
      : attentions(register_module("attentions", std::make_shared<ModuleList<Transformer2DModel>>())),
        resnets(register_module("resnets", std::make_shared<ModuleList<ResnetBlock2D>>())),
        upsamplers(register_module("upsamplers", std::make_shared<ModuleList<Upsample2D>>())) {
    for (std::int64_t i = 0; i < level.layers; ++i) {
      const std::int64_t skip = i == level.layers - 1 ? in : out;
      resnets->emplace((i == 0 ? previous : out) + skip, out, level.temb_channels, level.groups, level.eps,
                       level.resnet);
      if (cross)
        attentions->emplace(out, level.cross_dim, level.heads, level.transformer_layers, level.groups, level.linear,
                            level.only_cross);
    }
    if (upsample) upsamplers->emplace(out);
  }
  /// Takes its skip connections from the end of `skips`.
  Tensor forward(Tensor x, const Tensor& temb, const Tensor& encoder_hidden_states, std::vector<Tensor>& skips,
                 bool checkpointing = false) const {
    for (std::size_t i = 0; i < resnets->size(); ++i) {
      const auto joined = [resnet = resnets->items[i]](const Tensor& x, const Tensor& skip, const Tensor& temb) {
        return resnet->forward(at::cat({x, skip}, 1), temb);
      };
      x = checkpointed(checkpointing, joined, x, skips.back(), temb);
      skips.pop_back();
      if (attentions->size() > 0) x = checkpointed(checkpointing, attentions->items[i], x, encoder_hidden_states);
    }
    if (upsamplers->size() == 0) return x;
    return checkpointed(checkpointing, upsamplers->items[0], x, skips.back().size(2), skips.back().size(3));
  }
};

}  // namespace opad
