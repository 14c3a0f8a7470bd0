#pragma once
#include <functional>

#include <opad/core/autocast.hpp>
#include <opad/models/unet_2d_condition.hpp>
#include <opad/schedule/diffusion.hpp>
#include <opad/space/passes.hpp>

namespace opad {

/// A U-Net and what its checkpoint says about noise: asks for clean latents without anybody knowing what the network
/// predicts.
///   latent [B, 4, h, w], timestep [B], condition [B, 77, C]
struct Denoiser {
  std::string name;  // "teacher-unet", "student-unet": how its passes are counted
  std::shared_ptr<UNet2DConditionModel> unet;
  Diffusion diffusion;
  Passes* passes;
  /// Called with every pass, for tests: what went in and what came out.
  std::function<void(const Tensor& latent, const Tensor& timestep, const Tensor& prediction)> watch = {};
  bool bfloat16 = false;  // what the network computes in; what it says is of the latents' type all the same

  /// The network's own prediction (noise, velocity or clean latent, as the scheduler's config says).
  Tensor predict(const Tensor& latent, const Tensor& timestep, const Tensor& condition) const {
    const Tensor prediction = network_pass(bfloat16, latent.device(), [&] {
                                return unet->forward(latent, timestep, condition);
                              }).to(latent.scalar_type());
    passes->count(name, prediction.requires_grad());
    if (watch) watch(latent, timestep, prediction);
    return prediction;
  }
  /// The same with classifier-free guidance: null + scale (conditional - null), in one pass over the doubled batch,
  /// null first.
  /// null_condition [1 or B, 77, C].  Ho & Salimans, "Classifier-Free Diffusion Guidance", 2022, arXiv 2207.12598.
  Tensor predict_guided(const Tensor& latent, const Tensor& timestep, const Tensor& condition,
                        const Tensor& null_condition, double scale) const {
    const Tensor both = at::cat({null_condition.expand_as(condition), condition});
    const auto halves = predict(at::cat({latent, latent}), at::cat({timestep, timestep}), both).chunk(2);
    return halves[0] + scale * (halves[1] - halves[0]);
  }
};

}  // namespace opad
