#pragma once
#include <opad/core/once.hpp>
#include <opad/sampler/sampler.hpp>

namespace opad {

/// Ancestral sampling of denoising diffusion probabilistic models, with a = alpha_bar_t, a' = alpha_bar of the run's
/// next timestep (1 after the last) and beta = 1 - a/a':
///   x' = sqrt(a') beta/(1 - a) x0 + sqrt(a/a') (1 - a')/(1 - a) x + s z        z ~ N(0, I), none at t = 0
///   s^2 = (1 - a')/(1 - a) beta ("fixed_small", "fixed_small_log"), or beta ("fixed_large")
/// Ho, Jain, Abbeel, "Denoising Diffusion Probabilistic Models", NeurIPS 2020, arXiv 2006.11239, equations 6 and 7.
class Ddpm : public VariancePreserving {
 public:
  Ddpm(const SchedulerConfig& config, std::int64_t steps)
      : VariancePreserving("Ddpm", config, whole_timesteps(config, steps)) {
    require(config.variance_type.starts_with("fixed_small") || config.variance_type == "fixed_large",
            "Ddpm: variance_type '", config.variance_type,
            "' is not supported; it can be fixed_small, fixed_small_log or fixed_large");
  }
  bool needs_noise(std::int64_t k) const { return timesteps_.at(k) > 0; }

  OPAD_ONCE SamplerStep step(const Tensor& output, std::int64_t k, const Tensor& x, const Tensor& noise = {}) const {
    require_step("Ddpm", timesteps_.size(), k, output, x);
    if (needs_noise(k)) require_noise("Ddpm", k, x, noise);
    const double a = alpha_bar_at(k), next = k + 1 < steps() ? alpha_bar_at(k + 1) : 1.0, beta = 1 - a / next;
    const Tensor x0 = predicted_x0(x, output, a);
    Tensor sample = std::sqrt(next) * beta / (1 - a) * x0 + std::sqrt(a / next) * (1 - next) / (1 - a) * x;
    if (needs_noise(k)) {
      const double variance =
          config_.variance_type == "fixed_large" ? beta : std::max((1 - next) / (1 - a) * beta, 1e-20);
      sample = sample + std::sqrt(variance) * noise;
    }
    return {sample, x0};
  }
};
static_assert(Sampler<Ddpm>);

}  // namespace opad
