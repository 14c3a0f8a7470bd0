#pragma once
#include <opad/core/once.hpp>
#include <opad/sampler/sampler.hpp>

namespace opad {

/// Denoising diffusion implicit models, with a = alpha_bar_t and a' = alpha_bar of the next timestep, t - T/n:
///   s = eta sqrt((1 - a')/(1 - a) (1 - a/a'))        x' = sqrt(a') x0 + sqrt(1 - a' - s^2) noise + s z,   z ~ N(0, I)
/// Beyond the last timestep a' is 1, or alpha_bar_0 where the config says set_alpha_to_one: false.
///   eta   0: deterministic (default); 1: as noisy as Ddpm
/// Song, Meng, Ermon, "Denoising Diffusion Implicit Models", ICLR 2021, arXiv 2010.02502.
class Ddim : public VariancePreserving {
 public:
  Ddim(const SchedulerConfig& config, std::int64_t steps, double eta = 0)
      : VariancePreserving("Ddim", config, whole_timesteps(config, steps)),
        stride_(config.num_train_timesteps / steps),
        eta_(eta) {
    require(0 <= eta && eta <= 1, "Ddim: eta = ", eta, "; give 0 to 1");
  }
  bool needs_noise(std::int64_t) const { return eta_ > 0; }

  OPAD_ONCE SamplerStep step(const Tensor& output, std::int64_t k, const Tensor& x, const Tensor& noise = {}) const {
    require_step("Ddim", timesteps_.size(), k, output, x);
    if (needs_noise(k)) require_noise("Ddim", k, x, noise);
    const double a = alpha_bar_at(k), next = alpha_bar_after(k);
    const double deviation = eta_ * std::sqrt((1 - next) / (1 - a) * (1 - a / next));
    const Tensor x0 = predicted_x0(x, output, a);
    const Tensor predicted_noise = noise_from(config_.prediction_type, x, output, std::sqrt(a), std::sqrt(1 - a));
    Tensor sample = std::sqrt(next) * x0 + std::sqrt(1 - next - deviation * deviation) * predicted_noise;
    if (eta_ > 0) sample = sample + deviation * noise;
    return {sample, x0};
  }

 private:
  double alpha_bar_after(std::int64_t k) const {
    const auto t = static_cast<Eigen::Index>(timesteps_[k]) - stride_;
    return t >= 0 ? alpha_bar_[t] : config_.set_alpha_to_one ? 1.0 : alpha_bar_[0];
  }
  std::int64_t stride_;
  double eta_;
};
static_assert(Sampler<Ddim>);

}  // namespace opad
