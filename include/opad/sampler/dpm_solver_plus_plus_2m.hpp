#pragma once
#include <opad/core/once.hpp>
#include <opad/sampler/sigmas.hpp>

namespace opad {

/// DPM-Solver++ of first or second order, multistep. With alpha = 1/sqrt(sigma^2 + 1), s = sigma alpha, lambda =
/// -log(sigma), h = lambda' - lambda, r = (lambda - lambda of the step before) / h, x0 of this step and D = (x0 - x0 of
/// the step before) / r:
///   x' = s'/s x - alpha' (e^-h - 1) (x0 + D/2)                                       "midpoint"
///   x' = s'/s x - alpha' (e^-h - 1) x0 + alpha' ((e^-h - 1)/h + 1) D                 "heun"
/// The first step, and the last one to sigma 0, are of first order (no D).
/// Config: solver_order 1 or 2, solver_type, lower_order_final, euler_at_final, final_sigmas_type, lambda_min_clipped,
/// use_karras_sigmas, thresholding, timestep_spacing, steps_offset.
/// Lu et al., "DPM-Solver++: Fast Solver for Guided Sampling of Diffusion Probabilistic Models", arXiv 2211.01095,
/// algorithm 2.
class DpmSolverPlusPlus2M {
 public:
  DpmSolverPlusPlus2M(const SchedulerConfig& config, std::int64_t steps) : config_(config), grid_(grid(config, steps)) {
    require(config.algorithm_type == "dpmsolver++" || config.algorithm_type == "deis",
            "DpmSolverPlusPlus2M: algorithm_type '", config.algorithm_type,
            "' is not supported; set it to dpmsolver++");
    require(config.solver_order == 1 || config.solver_order == 2, "DpmSolverPlusPlus2M: solver_order ",
            config.solver_order, " is not supported; give 1 or 2");
    static const std::set<std::string> types{"midpoint", "heun", "logrho", "bh1",
                                             "bh2"};  // the last three are as midpoint
    require(types.contains(config.solver_type), "DpmSolverPlusPlus2M: solver_type '", config.solver_type,
            "' is not supported; it can be midpoint or heun");
  }
  const std::vector<double>& timesteps() const { return grid_.timesteps; }
  const std::vector<double>& sigmas() const { return grid_.sigmas; }
  double init_noise_sigma() const { return 1; }
  bool needs_noise(std::int64_t) const { return false; }
  Tensor scale_model_input(const Tensor& x, std::int64_t) const { return x; }
  Tensor add_noise(const Tensor& x0, const Tensor& noise, std::int64_t k) const {
    return alpha(k) * x0 + scaled_sigma(k) * noise;
  }

  OPAD_ONCE SamplerStep step(const Tensor& output, std::int64_t k, const Tensor& x, const Tensor& = {}) {
    const auto n = static_cast<std::int64_t>(grid_.timesteps.size());
    require_step("DpmSolverPlusPlus2M", grid_.timesteps.size(), k, output, x);
    const Tensor x0 = limited(x0_from(config_.prediction_type, x, output, alpha(k), scaled_sigma(k)));
    const bool lower_order = config_.euler_at_final || (config_.lower_order_final && n < 15) || grid_.sigmas[n] == 0;
    const double h = lambda(k + 1) - lambda(k), decay = std::expm1(-h);
    Tensor sample = scaled_sigma(k + 1) / scaled_sigma(k) * x - alpha(k + 1) * decay * x0;
    if (config_.solver_order == 2 && k > 0 && !(k == n - 1 && lower_order)) {
      require(previous_x0_.defined(), "DpmSolverPlusPlus2M: step ", k,
              " without the one before; take the steps in order");
      const Tensor slope = (x0 - previous_x0_) * (h / (lambda(k) - lambda(k - 1)));
      sample = sample + alpha(k + 1) * (config_.solver_type == "heun" ? decay / h + 1 : -0.5 * decay) * slope;
    }
    previous_x0_ = x0;
    return {sample, x0};
  }

 private:
  Tensor limited(const Tensor& x0) const {
    return config_.thresholding ? limited_sample(config_, x0) : x0;
  }  // it knows no clipping
  double alpha(std::int64_t k) const { return 1 / norm_of_sample(grid_.sigmas.at(k)); }
  double scaled_sigma(std::int64_t k) const { return grid_.sigmas.at(k) * alpha(k); }
  double lambda(std::int64_t k) const { return -std::log(grid_.sigmas.at(k)); }

  static SigmaGrid grid(const SchedulerConfig& config, std::int64_t steps) {
    const Eigen::ArrayXd table = sigma_table(config);
    SigmaGrid grid{.timesteps = whole_timesteps(config, table, steps), .sigmas = {}};
    if (config.use_karras_sigmas) {
      const double min = config.sigma_min > 0 ? config.sigma_min : table[0];
      const double max = config.sigma_max > 0 ? config.sigma_max : table[table.size() - 1];
      grid.sigmas = karras_sigmas(min, max, steps);
      grid.timesteps.clear();
      for (const double sigma : grid.sigmas) grid.timesteps.push_back(timestep_of_sigma(table, sigma));
      if (config.beta_schedule != "squaredcos_cap_v2") round_timesteps(grid.timesteps);
      for (double& t : grid.timesteps) t = std::trunc(t);
    } else {
      require(!config.use_exponential_sigmas,
              "DpmSolverPlusPlus2M: use_exponential_sigmas is not supported; set it to false");
      for (const double t : grid.timesteps) grid.sigmas.push_back(interpolate(table, t));
    }
    grid.sigmas.push_back(final_sigma(config, table));
    return grid;
  }

  /// Timesteps of n + 1 points without the last, up to where lambda reaches lambda_min_clipped.
  static std::vector<double> whole_timesteps(const SchedulerConfig& config, const Eigen::ArrayXd& sigmas,
                                             std::int64_t steps) {
    const std::int64_t train_steps = config.num_train_timesteps;
    require(steps >= 1 && steps < train_steps, "DpmSolverPlusPlus2M: ", steps,
            " steps, but the model was trained with ", train_steps, "; give 1 to ", train_steps - 1);
    const auto range = static_cast<std::int64_t>((-sigmas.log() >= config.lambda_min_clipped).count());
    std::vector<double> timesteps;
    switch (config.timestep_spacing) {
      case Spacing::Leading:
        timesteps = leading_timesteps(range, steps + 1, config.steps_offset);
        break;
      case Spacing::Linspace:
        timesteps = linspace_timesteps(range - 1, steps + 1);
        break;
      case Spacing::Trailing:
        return trailing_timesteps(range, static_cast<double>(train_steps) / static_cast<double>(steps), steps);
    }
    timesteps.pop_back();
    round_timesteps(timesteps);
    return timesteps;
  }

  SchedulerConfig config_;
  SigmaGrid grid_;
  Tensor previous_x0_;
};
static_assert(Sampler<DpmSolverPlusPlus2M>);

}  // namespace opad
