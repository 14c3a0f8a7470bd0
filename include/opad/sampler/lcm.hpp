#pragma once
#include <opad/core/once.hpp>
#include <opad/sampler/sampler.hpp>

namespace opad {

/// Multistep sampling of latent consistency models: jump to a picture, noise it to the next level, jump again.
///   f = c_out x0 + c_skip x,   c_skip = 1/4 / (u^2 + 1/4),  c_out = u / sqrt(u^2 + 1/4),  u = timestep_scaling t
///   x' = sqrt(a') f + sqrt(1 - a') z,  a' = alpha_bar of the next timestep, z ~ N(0, I);   the last step gives f
/// The n timesteps are spread over the original_inference_steps that the model was distilled with.
/// Luo et al., "Latent Consistency Models", arXiv 2310.04378, algorithm 3.
class Lcm : public VariancePreserving {
 public:
  Lcm(const SchedulerConfig& config, std::int64_t steps) : VariancePreserving("Lcm", config, spread(config, steps)) {}
  bool needs_noise(std::int64_t k) const { return k + 1 < steps(); }

  OPAD_ONCE SamplerStep step(const Tensor& output, std::int64_t k, const Tensor& x, const Tensor& noise = {}) const {
    require_step("Lcm", timesteps_.size(), k, output, x);
    if (needs_noise(k)) require_noise("Lcm", k, x, noise);
    const double u = config_.timestep_scaling * timesteps_[k], norm = u * u + 0.25;
    const Tensor x0 = predicted_x0(x, output, alpha_bar_at(k));
    const Tensor denoised = u / std::sqrt(norm) * x0 + 0.25 / norm * x;
    return {needs_noise(k) ? add_noise(denoised, noise, k + 1) : denoised, denoised};
  }

 private:
  static std::vector<double> spread(const SchedulerConfig& config, std::int64_t steps) {
    const std::int64_t original = config.original_inference_steps;
    require(original >= 1 && original <= config.num_train_timesteps, "Lcm: original_inference_steps is ", original,
            "; give 1 to ", config.num_train_timesteps);
    require(steps >= 1 && steps <= original, "Lcm: ", steps, " steps, but the model was distilled with ", original,
            "; give 1 to ", original);
    const std::int64_t stride = config.num_train_timesteps / original;
    const double skip = static_cast<double>(original) / static_cast<double>(steps);
    std::vector<double> timesteps;
    for (std::int64_t k = 0; k < steps; ++k) {
      const auto index = static_cast<std::int64_t>(std::floor(static_cast<double>(k) * skip));
      timesteps.push_back(static_cast<double>((original - index) * stride - 1));
    }
    return timesteps;
  }
};
static_assert(Sampler<Lcm>);

}  // namespace opad
