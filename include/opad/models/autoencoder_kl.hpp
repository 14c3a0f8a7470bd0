#pragma once
#include <filesystem>

#include <opad/core/once.hpp>
#include <opad/io/weights.hpp>
#include <opad/models/attention.hpp>
#include <opad/models/autoencoder_kl_config.hpp>
#include <opad/models/pretrained.hpp>
#include <opad/models/resnet.hpp>

namespace opad {

/// The encoder's answer: a normal distribution for every latent number.
struct LatentDistribution {
  Tensor mean, logvar;  // [B, latent_channels, h, w]; logvar clamped to [-30, 20]
  Tensor std() const { return (0.5 * logvar).exp(); }
  /// noise  standard normal, of the mean's shape
  Tensor sample(const Tensor& noise) const { return mean + std() * noise; }
};

/// The autoencoder's resnets; only they have the config's act_fn.
inline ResnetOptions vae_resnet(const AutoencoderKLConfig& config) {
  return {.act = activation(config.act_fn, "AutoencoderKL", "act_fn")};
}

/// Resnet, self-attention with one head (or none), resnet: the bottom of encoder and decoder.
struct VaeMidBlock : torch::nn::Module {
  /// x + attention over the pixels of the normalised x.  [B, C, h, w] -> [B, C, h, w]
  struct SpatialAttention : Attention {
    std::shared_ptr<GroupNorm> group_norm;
    SpatialAttention(std::int64_t channels, std::int64_t groups)
        : Attention(channels, channels, 1, channels, true),
          group_norm(register_module("group_norm", std::make_shared<GroupNorm>(groups, channels, 1e-6))) {}
    Tensor forward(const Tensor& x) {
      const Tensor tokens = group_norm->forward(x).flatten(2).transpose(1, 2);  // [B, h w, C]
      return x + Attention::forward(tokens, tokens).transpose(1, 2).unflatten(2, {x.size(2), x.size(3)});
    }
  };

  std::shared_ptr<ModuleList<SpatialAttention>> attentions;
  std::shared_ptr<ModuleList<ResnetBlock2D>> resnets;
  VaeMidBlock(std::int64_t channels, const AutoencoderKLConfig& config)
      : attentions(register_module("attentions", std::make_shared<ModuleList<SpatialAttention>>())),
        resnets(register_module("resnets", std::make_shared<ModuleList<ResnetBlock2D>>())) {
    if (config.mid_block_add_attention) attentions->emplace(channels, config.norm_num_groups);
    for (int i = 0; i < 2; ++i)
      resnets->emplace(channels, channels, 0, config.norm_num_groups, 1e-6, vae_resnet(config));
  }
  Tensor forward(const Tensor& x, bool checkpointing = false) const {
    Tensor h = checkpointed(checkpointing, resnets->items[0], x);
    if (attentions->size() > 0) h = checkpointed(checkpointing, attentions->items[0], h);
    return checkpointed(checkpointing, resnets->items[1], h);
  }
};

/// Resnets, then maybe a halving (encoder) or a doubling (decoder).
template <class Resize>
struct VaeBlock : torch::nn::Module {
  std::shared_ptr<ModuleList<ResnetBlock2D>> resnets;
  std::shared_ptr<ModuleList<Resize>> resizers;
  static constexpr bool down = std::is_same_v<Resize, Downsample2D>;
  VaeBlock(std::int64_t in, std::int64_t out, std::int64_t layers, const AutoencoderKLConfig& config, bool resize)
      : resnets(register_module("resnets", std::make_shared<ModuleList<ResnetBlock2D>>())),
        resizers(register_module(down ? "downsamplers" : "upsamplers", std::make_shared<ModuleList<Resize>>())) {
    for (std::int64_t i = 0; i < layers; ++i)
      resnets->emplace(i == 0 ? in : out, out, 0, config.norm_num_groups, 1e-6, vae_resnet(config));
    if constexpr (down) {
      if (resize) resizers->emplace(out, 0);
    } else {
      if (resize) resizers->emplace(out);
    }
  }
  Tensor forward(Tensor x, bool checkpointing = false) const {
    for (const auto& resnet : *resnets) x = checkpointed(checkpointing, resnet, x);
    if (resizers->size() == 0) return x;
    if constexpr (down) return checkpointed(checkpointing, resizers->items[0], x);
    else return checkpointed(checkpointing, resizers->items[0], x, 2 * x.size(2), 2 * x.size(3));
  }
};

/// Picture [B, in_channels, H, W] -> mean and log-variance [B, 2 latent_channels, h, w].
struct VaeEncoder : torch::nn::Module {
  std::shared_ptr<Conv2d> conv_in, conv_out;
  std::shared_ptr<ModuleList<VaeBlock<Downsample2D>>> down_blocks;
  std::shared_ptr<VaeMidBlock> mid_block;
  std::shared_ptr<GroupNorm> conv_norm_out;
  explicit VaeEncoder(const AutoencoderKLConfig& config);
  Tensor forward(const Tensor& image) const {
    Tensor x = conv_in->forward(image);
    for (const auto& block : *down_blocks) x = block->forward(std::move(x));
    return conv_out->forward(at::silu(conv_norm_out->forward(mid_block->forward(x))));
  }
};

/// Latent [B, latent_channels, h, w] -> picture [B, out_channels, f h, f w].
struct VaeDecoder : torch::nn::Module {
  std::shared_ptr<Conv2d> conv_in, conv_out;
  std::shared_ptr<VaeMidBlock> mid_block;
  std::shared_ptr<ModuleList<VaeBlock<Upsample2D>>> up_blocks;
  std::shared_ptr<GroupNorm> conv_norm_out;
  explicit VaeDecoder(const AutoencoderKLConfig& config);
  Tensor forward(const Tensor& latent, bool checkpointing = false) const {
    Tensor x = mid_block->forward(conv_in->forward(latent), checkpointing);
    for (const auto& block : *up_blocks) x = block->forward(std::move(x), checkpointing);
    const auto end = [norm = conv_norm_out, conv = conv_out](const Tensor& x) {
      return conv->forward(at::silu(norm->forward(x)));
    };
    return checkpointed(checkpointing, end, x);
  }
};

/// The picture autoencoder of Stable Diffusion: diffusers' AutoencoderKL, with its parameter names. Frozen when made or
/// loaded. Latents here are unscaled: the diffusion model's are config.scaling_factor times these. Of the two networks
/// the decoder does gradient checkpointing.
struct AutoencoderKL : torch::nn::Module, GradientCheckpointing {
  AutoencoderKLConfig config;
  std::shared_ptr<VaeEncoder> encoder;
  std::shared_ptr<VaeDecoder> decoder;
  std::shared_ptr<Conv2d> quant_conv, post_quant_conv;

  explicit AutoencoderKL(const AutoencoderKLConfig& config_);

  /// folder  holds config.json and diffusion_pytorch_model.safetensors (variants and shards: io/weights.hpp). The
  ///         attention names of 2022 (query, key, value, proj_attn), which most published files still hold, are read
  ///         too.
  static std::shared_ptr<AutoencoderKL> from_pretrained(const std::filesystem::path& folder);
  void save_pretrained(const std::filesystem::path& folder, at::ScalarType type = torch::kFloat32) const {
    save_model_folder(folder, "diffusion_pytorch_model", *this, config.to_json(), type);
  }

  /// image [B, in_channels, H, W] in [-1, 1] -> distribution over [B, latent_channels, H / f, W / f] (rounded down), f
  /// = downscale()
  LatentDistribution encode(const Tensor& image) const;
  /// latent [B, latent_channels, h, w] -> image [B, out_channels, f h, f w], nominally in [-1, 1], not clamped
  Tensor decode(const Tensor& latent) const;
  /// Pixels per latent along a side.
  std::int64_t downscale() const { return std::int64_t{1} << (config.block_out_channels.size() - 1); }

 private:
  static Tensors with_new_names(const Tensors& tensors) {
    static const std::map<std::string, std::string> names{
        {"query", "to_q"}, {"key", "to_k"}, {"value", "to_v"}, {"proj_attn", "to_out.0"}};
    Tensors renamed;
    for (const auto& [key, tensor] : tensors) {
      const auto end = key.rfind('.'), begin = end == std::string::npos ? end : key.rfind('.', end - 1);
      const auto found = begin == std::string::npos ? names.end() : names.find(key.substr(begin + 1, end - begin - 1));
      renamed.emplace(found == names.end() ? key : key.substr(0, begin + 1) + found->second + key.substr(end), tensor);
    }
    return renamed;
  }
};

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/models/detail/autoencoder_kl.hpp>
#endif
