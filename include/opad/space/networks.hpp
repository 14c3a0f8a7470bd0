#pragma once
#include <filesystem>
#include <memory>
#include <typeindex>
#include <unordered_map>

#include <opad/core/autocast.hpp>
#include <opad/models/autoencoder_kl.hpp>
#include <opad/models/bfloat16.hpp>
#include <opad/models/channels_last.hpp>
#include <opad/space/features.hpp>
#include <opad/space/passes.hpp>

namespace opad {

/// The frozen networks that render spaces: the VAE, and an encoder for each Backbone that a recipe names.
class Networks {
 public:
  explicit Networks(std::shared_ptr<AutoencoderKL> vae) : vae_(std::move(vae)) {}

  /// Scaled latents [B, 4, h, w] -> pictures [B, 3, H, W].
  Tensor decode(const Tensor& latent) {
    const Tensor image = pass(latent.device(), [&] { return vae_->decode(latent / vae_->config.scaling_factor); });
    passes_.count("vae-decoder", image.requires_grad());
    return image;
  }
  /// Pictures [B, 3, H, W] -> the distribution of their unscaled latents.
  LatentDistribution encode(const Tensor& image) {
    passes_.count("vae-encoder", false);
    LatentDistribution out;
    out.mean = pass(image.device(), [&] {
      out = vae_->encode(image);
      return out.mean;
    });
    out.logvar = out.logvar.to(out.mean.scalar_type());
    return out;
  }
  /// A network's answer as float32, computed in what these networks compute in.
  template <class Network>
  Tensor pass(torch::Device device, const Network& network) const {
    return network_pass(bfloat16_, device, network);
  }
  /// From now on the networks compute in bfloat16, and are stored in it; their answers are float32.
  void to_bfloat16() {
    bfloat16_ = true;
    store_in_bfloat16(*vae_);
    for (auto& [type, network] : encoders_) store_in_bfloat16(*network);
  }
  void channels_last() {
    store_channels_last(*vae_);
    for (auto& [type, network] : encoders_) store_channels_last(*network);
  }
  void gradient_checkpointing(bool on) {
    set_gradient_checkpointing(*vae_, on);
    for (auto& [type, network] : encoders_) set_gradient_checkpointing(*network, on);
  }
  const AutoencoderKL& vae() const { return *vae_; }
  const AutoencoderKLConfig& vae_config() const { return vae_->config; }
  std::int64_t downscale() const { return vae_->downscale(); }

  template <class B>
  void put(std::shared_ptr<typename B::Network> network) {
    encoders_[typeid(B)] = std::move(network);
  }
  template <class B>
  bool has() const {
    return encoders_.contains(typeid(B));
  }
  template <class B>
  typename B::Network& get() const {
    const auto found = encoders_.find(typeid(B));
    require(found != encoders_.end(), "the encoder '", B::name, "' is asked for but was not loaded; give --", B::name,
            " FOLDER");
    return static_cast<typename B::Network&>(*found->second);
  }
  void to(torch::Device device) {
    vae_->to(device);
    for (auto& [type, network] : encoders_) network->to(device);
  }
  Passes& passes() { return passes_; }

 private:
  std::shared_ptr<AutoencoderKL> vae_;
  std::unordered_map<std::type_index, std::shared_ptr<torch::nn::Module>> encoders_;
  Passes passes_;
  bool bfloat16_ = false;
};

}  // namespace opad
