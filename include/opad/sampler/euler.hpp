#pragma once
#include <opad/core/once.hpp>
#include <opad/sampler/sigmas.hpp>

namespace opad {

/// Euler's method on the probability flow:  x' = x + (sigma' - sigma) noise,  noise = (x - x0) / sigma. One step from
/// the noisiest timestep gives x0 itself; this is how SD-Turbo samples.
/// Config: timestep_spacing, steps_offset, interpolation_type, use_karras_sigmas, use_exponential_sigmas, sigma_min,
/// sigma_max, final_sigmas_type, timestep_type.
/// Karras et al., "Elucidating the Design Space of Diffusion-Based Generative Models", NeurIPS 2022, arXiv 2206.00364;
/// no churn.
class Euler : public VarianceExploding {
 public:
  Euler(const SchedulerConfig& config, std::int64_t steps) : VarianceExploding(config, grid(config, steps)) {}
  bool needs_noise(std::int64_t) const { return false; }

  OPAD_ONCE SamplerStep step(const Tensor& output, std::int64_t k, const Tensor& x, const Tensor& = {}) const {
    require_step("Euler", grid_.timesteps.size(), k, output, x);
    const double sigma = grid_.sigmas[k], next = grid_.sigmas[k + 1];
    const auto [x0, noise] = x0_and_noise(x, output, sigma);
    return {x + (next - sigma) * noise, x0};
  }

 private:
  static SigmaGrid grid(const SchedulerConfig& config, std::int64_t steps) {
    const Eigen::ArrayXd table = sigma_table(config);
    SigmaGrid grid{.timesteps = fractional_timesteps(config, steps), .sigmas = {}};
    const auto n = static_cast<std::int64_t>(grid.timesteps.size());
    if (config.interpolation_type == "log_linear") {
      grid.sigmas = exponential_sigmas(table[0], table[table.size() - 1], n + 1);
    } else {
      require(config.interpolation_type == "linear", "Euler: interpolation_type '", config.interpolation_type,
              "' is unknown; it can be linear or log_linear");
      for (const double t : grid.timesteps) grid.sigmas.push_back(interpolate(table, t));
    }
    require(!(config.use_karras_sigmas && config.use_exponential_sigmas),
            "Euler: use_karras_sigmas and use_exponential_sigmas are both on; set one to false");
    if (config.use_karras_sigmas || config.use_exponential_sigmas) {
      const double min = config.sigma_min > 0 ? config.sigma_min : grid.sigmas.back();
      const double max = config.sigma_max > 0 ? config.sigma_max : grid.sigmas.front();
      grid.sigmas = config.use_karras_sigmas ? karras_sigmas(min, max, n) : exponential_sigmas(min, max, n);
      for (std::int64_t k = 0; k < n; ++k) grid.timesteps[k] = timestep_of_sigma(table, grid.sigmas[k]);
    }
    grid.sigmas.push_back(final_sigma(config, table));
    if (config.timestep_type == "continuous" &&
        config.prediction_type == Prediction::V)  // a model conditioned on log(sigma)
      for (std::int64_t k = 0; k < n; ++k) grid.timesteps[k] = 0.25 * std::log(grid.sigmas[k]);
    return grid;
  }
};
static_assert(Sampler<Euler>);

}  // namespace opad
