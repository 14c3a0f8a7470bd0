#pragma once
#include <concepts>
#include <string_view>

#include <opad/schedule/scheduler_config.hpp>

namespace opad {

/// What one step of a sampler gives: the sample for the next step, and the picture that the model's output stands for
/// now.
struct SamplerStep {
  Tensor prev_sample, pred_original;  // as x
};

/// A way from noise to a picture in n steps, made from a scheduler config and n:
///   x = init_noise_sigma() * noise
///   for k in 0 ... steps() - 1:  x = step(model(scale_model_input(x, k), timesteps()[k]), k, x, noise_k).prev_sample
///   timesteps()              [n], noisiest first, in the model's unit 0 ... T - 1; not always whole numbers
///   add_noise(x0, noise, k)  the sample that step k expects, of a clean x0
///   needs_noise(k)           whether step k draws; its noise is standard normal, shaped as x
/// Coefficients are numbers in float64, samples keep their type, and a step is differentiable in the model's output and
/// in x. A sampler belongs to one run: steps come in order (DpmSolverPlusPlus2M remembers the last one).
/// Models: Ddim, Ddpm, Euler, EulerAncestral, Lcm, DpmSolverPlusPlus2M, and AnySampler, which is one of them.
template <class S>
concept Sampler = std::constructible_from<S, const SchedulerConfig&, std::int64_t> &&
                  requires(S& sampler, const S& fixed, const Tensor& x, std::int64_t k) {
                    { fixed.timesteps() } -> std::same_as<const std::vector<double>&>;
                    { fixed.init_noise_sigma() } -> std::same_as<double>;
                    { fixed.needs_noise(k) } -> std::same_as<bool>;
                    { fixed.scale_model_input(x, k) } -> std::same_as<Tensor>;
                    { fixed.add_noise(x, x, k) } -> std::same_as<Tensor>;
                    { sampler.step(x, k, x, x) } -> std::same_as<SamplerStep>;
                  };

/// What every sampler asks of the arguments of a step.
inline void require_step(std::string_view who, std::size_t steps, std::int64_t k, const Tensor& output,
                         const Tensor& x) {
  require(k >= 0 && k < static_cast<std::int64_t>(steps), who, ": step ", k, " of ", steps, "; give 0 to ", steps - 1);
  require(output.sizes() == x.sizes(), who, ": the model's output ", output.sizes(), " and the sample ", x.sizes(),
          " differ in shape; give a model's answer to this sample");
}
/// What a step that draws asks of its noise.
inline void require_noise(std::string_view who, std::int64_t k, const Tensor& x, const Tensor& noise) {
  require(noise.defined() && noise.sizes() == x.sizes(), who, ": step ", k, " needs noise ", x.sizes(),
          "; give standard normal numbers");
}

/// A config's limits of the predicted picture: dynamic thresholding, or clipping, or none.
///   thresholding   clamp to [-s, s], then divide by s; s = the dynamic_thresholding_ratio-quantile of |x0| in each
///                  sample, at least 1 and at most sample_max_value. Saharia et al. (Imagen), NeurIPS 2022, arXiv
///                  2205.11487, section 2.3.
inline Tensor limited_sample(const SchedulerConfig& config, const Tensor& x0) {
  if (!config.thresholding)
    return config.clip_sample ? x0.clamp(-config.clip_sample_range, config.clip_sample_range) : x0;
  const Tensor wide =
      x0.scalar_type() == torch::kFloat64 ? x0 : x0.to(torch::kFloat32);  // quantiles know no half precision
  const Tensor quantile = at::quantile(wide.abs().flatten(1), config.dynamic_thresholding_ratio, 1);
  const Tensor limit = per_sample(quantile.clamp(1, config.sample_max_value), x0);
  return (wide.minimum(limit).maximum(-limit) / limit).to(x0.scalar_type());
}

/// What Ddim, Ddpm and Lcm share: samples of variance 1, whole timesteps, coefficients from alpha_bar.
class VariancePreserving {
 public:
  const std::vector<double>& timesteps() const { return timesteps_; }
  double init_noise_sigma() const { return 1; }
  Tensor scale_model_input(const Tensor& x, std::int64_t) const { return x; }
  Tensor add_noise(const Tensor& x0, const Tensor& noise, std::int64_t k) const {
    return std::sqrt(alpha_bar_at(k)) * x0 + std::sqrt(1 - alpha_bar_at(k)) * noise;
  }

 protected:
  VariancePreserving(std::string_view who, const SchedulerConfig& config, std::vector<double> timesteps)
      : config_(config),
        alpha_bar_(config.alpha_bar()),
        timesteps_(std::move(timesteps)) {
    for (const double t : timesteps_) {
      require(t < static_cast<double>(alpha_bar_.size()), who, ": timestep ", t, " of ", alpha_bar_.size(),
              "; give fewer steps or a smaller steps_offset");
      const bool only_noise = alpha_bar_[static_cast<Eigen::Index>(t)] == 0;
      require(!only_noise || config.prediction_type != Prediction::Epsilon || config.clip_sample, who, ": at timestep ",
              t,
              " nothing but noise is left, and a model that predicts it does not tell the picture; use a v_prediction "
              "model, or "
              "leading timestep_spacing");
    }
  }
  std::int64_t steps() const { return static_cast<std::int64_t>(timesteps_.size()); }
  double alpha_bar_at(std::int64_t k) const { return alpha_bar_[static_cast<Eigen::Index>(timesteps_.at(k))]; }
  Tensor predicted_x0(const Tensor& x, const Tensor& output, double alpha_bar) const {
    return limited_sample(config_,
                          x0_from(config_.prediction_type, x, output, std::sqrt(alpha_bar), std::sqrt(1 - alpha_bar)));
  }

  SchedulerConfig config_;
  Eigen::ArrayXd alpha_bar_;
  std::vector<double> timesteps_;
};

/// The timesteps of Ddim and Ddpm: whole numbers.
inline std::vector<double> whole_timesteps(const SchedulerConfig& config, std::int64_t steps) {
  auto timesteps = spaced_timesteps(config.timestep_spacing, config.num_train_timesteps, steps, config.steps_offset);
  round_timesteps(timesteps);
  return timesteps;
}

}  // namespace opad
