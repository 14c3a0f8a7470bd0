#pragma once
#include <filesystem>

#include <opad/core/once.hpp>
#include <opad/io/weights.hpp>
#include <opad/models/pretrained.hpp>
#include <opad/models/unet_2d_condition_config.hpp>
#include <opad/models/unet_blocks.hpp>

namespace opad {

/// Sinusoidal embedding of timesteps, computed in float32 as diffusers does:  sin and cos of t * 10000^(-i / (width/2 -
/// freq_shift)).
///   timesteps [B], any number type -> [B, width]
Tensor timestep_embedding(const Tensor& timesteps, std::int64_t width, bool flip_sin_to_cos, std::int64_t freq_shift);

/// The two layers on top of the sinusoids: W2 act(W1 x).
struct TimestepEmbedding : torch::nn::Module {
  std::shared_ptr<LinearLayer> linear_1, linear_2;
  Activation act;
  TimestepEmbedding(std::int64_t in, std::int64_t out, Activation act_)
      : linear_1(register_module("linear_1", std::make_shared<LinearLayer>(in, out))),
        linear_2(register_module("linear_2", std::make_shared<LinearLayer>(out, out))),
        act(act_) {}
  Tensor forward(const Tensor& x) const { return linear_2->forward(act(linear_1->forward(x))); }
};

/// The denoiser of Stable Diffusion 1.x and 2.x and SD-Turbo: diffusers' UNet2DConditionModel, with its parameter
/// names. Rombach et al., "High-Resolution Image Synthesis with Latent Diffusion Models", CVPR 2022, arXiv 2112.10752.
/// Frozen when made or loaded; what trains is switched on by an adapter (include/opad/adapter/).
struct UNet2DConditionModel : torch::nn::Module, GradientCheckpointing {
  UNet2DConditionConfig config;
  std::shared_ptr<Conv2d> conv_in, conv_out;
  std::shared_ptr<TimestepEmbedding> time_embedding;
  std::shared_ptr<ModuleList<UNetDownBlock>> down_blocks;
  std::shared_ptr<ModuleList<UNetUpBlock>> up_blocks;
  std::shared_ptr<UNetMidBlock> mid_block;  // nullptr without
  std::shared_ptr<GroupNorm> conv_norm_out;

  explicit UNet2DConditionModel(const UNet2DConditionConfig& config);

  /// folder  holds config.json and diffusion_pytorch_model.safetensors (variants and shards: io/weights.hpp)
  static std::shared_ptr<UNet2DConditionModel> from_pretrained(const std::filesystem::path& folder);
  /// Writes such a folder. An installed adapter is not in it: merge it first.
  void save_pretrained(const std::filesystem::path& folder, at::ScalarType type = torch::kFloat32) const {
    save_model_folder(folder, "diffusion_pytorch_model", *this, config.to_json(), type);
  }

  /// The prediction, of whatever kind the checkpoint predicts.
  ///   sample                 [B, in_channels, h, w], of any size
  ///   timestep               [B], [1] or a scalar, integers or fractions
  ///   encoder_hidden_states  [B, L, cross_attention_dim]
  ///   returns                [B, out_channels, h, w]
  Tensor forward(const Tensor& sample, const Tensor& timestep, const Tensor& encoder_hidden_states);

  /// Visits every attention layer in a fixed order:  visit(name, layer, cross), name as in the weight file
  /// ("down_blocks.0.attentions.0.transformer_blocks.0.attn2"), cross: attends to the text.
  template <class Visit>
  void for_each_attention(const Visit& visit) {
    for (const auto& item : named_modules("", false))
      if (auto* const attention = item.value()->as<Attention>())
        visit(item.key(), *attention, item.key().ends_with(".attn2"));
  }
};

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/models/detail/unet_2d_condition.hpp>
#endif
