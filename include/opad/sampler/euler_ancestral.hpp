#pragma once
#include <opad/core/once.hpp>
#include <opad/sampler/sigmas.hpp>

namespace opad {

/// Euler's method down to below the next sigma, then fresh noise z ~ N(0, I) up to it:
///   up = sigma' sqrt(sigma^2 - sigma'^2) / sigma,  down = sqrt(sigma'^2 - up^2) = sigma'^2 / sigma
///   x' = x + (down - sigma) noise + up z
/// Config: timestep_spacing, steps_offset. Crowson, k-diffusion, sample_euler_ancestral.
class EulerAncestral : public VarianceExploding {
 public:
  EulerAncestral(const SchedulerConfig& config, std::int64_t steps) : VarianceExploding(config, grid(config, steps)) {}
  bool needs_noise(std::int64_t k) const { return grid_.sigmas.at(k + 1) > 0; }

  OPAD_ONCE SamplerStep step(const Tensor& output, std::int64_t k, const Tensor& x, const Tensor& noise = {}) const {
    require_step("EulerAncestral", grid_.timesteps.size(), k, output, x);
    if (needs_noise(k)) require_noise("EulerAncestral", k, x, noise);
    const double sigma = grid_.sigmas[k], next = grid_.sigmas[k + 1];
    const double up = next * std::sqrt(std::max(sigma * sigma - next * next, 0.0)) / sigma, down = next * next / sigma;
    const auto [x0, predicted_noise] = x0_and_noise(x, output, sigma);
    Tensor sample = x + (down - sigma) * predicted_noise;
    if (needs_noise(k)) sample = sample + up * noise;
    return {sample, x0};
  }

 private:
  static SigmaGrid grid(const SchedulerConfig& config, std::int64_t steps) {
    const Eigen::ArrayXd table = sigma_table(config);
    SigmaGrid grid{.timesteps = fractional_timesteps(config, steps), .sigmas = {}};
    for (const double t : grid.timesteps) grid.sigmas.push_back(interpolate(table, t));
    grid.sigmas.push_back(0);
    return grid;
  }
};
static_assert(Sampler<EulerAncestral>);

}  // namespace opad
