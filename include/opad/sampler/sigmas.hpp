#pragma once
#include <opad/sampler/sampler.hpp>

namespace opad {

/// Noise levels of the samplers that count in sigma = sqrt((1 - alpha_bar) / alpha_bar), the noise's deviation beside a
/// picture of weight 1. Karras et al., "Elucidating the Design Space of Diffusion-Based Generative Models", NeurIPS
/// 2022, arXiv 2206.00364.
struct SigmaGrid {
  std::vector<double> timesteps;  // [n]
  std::vector<double> sigmas;     // [n + 1], the last one is where the run ends
};

/// sigma of every training timestep, rising.   alpha_bar [T] -> [T]
inline Eigen::ArrayXd sigma_table(const SchedulerConfig& config) {
  const Eigen::ArrayXd alpha_bar = config.alpha_bar();
  return ((1 - alpha_bar) / alpha_bar).sqrt();
}

/// The table between its entries, linearly; its first or last value beyond them.
inline double interpolate(const Eigen::ArrayXd& table, double t) {
  const auto last = table.size() - 1;
  if (t >= static_cast<double>(last)) return table[last];
  const auto low = static_cast<Eigen::Index>(std::max(t, 0.0));
  return table[low] + (table[low + 1] - table[low]) * (std::max(t, 0.0) - static_cast<double>(low));
}

/// The fractional timestep of a sigma, linear in log(sigma); clamped to [0, T - 1].
inline double timestep_of_sigma(const Eigen::ArrayXd& sigmas, double sigma) {
  const double value = std::log(std::max(sigma, 1e-10));
  const auto above = std::upper_bound(sigmas.begin(), sigmas.end(), sigma) - sigmas.begin();  // the first larger entry
  const auto low = std::clamp<Eigen::Index>(above - 1, 0, sigmas.size() - 2);
  const double from = std::log(sigmas[low]), to = std::log(sigmas[low + 1]);
  return static_cast<double>(low) + std::clamp((value - from) / (to - from), 0.0, 1.0);
}

/// n sigmas from max to min, equally spaced in sigma^(1/7).   Karras et al., equation 5.
inline std::vector<double> karras_sigmas(double min, double max, std::int64_t n) {
  std::vector<double> sigmas(n);
  const double from = std::pow(max, 1 / 7.0), to = std::pow(min, 1 / 7.0);
  for (std::int64_t k = 0; k < n; ++k)
    sigmas[k] = std::pow(from + (n > 1 ? static_cast<double>(k) / static_cast<double>(n - 1) : 0) * (to - from), 7);
  return sigmas;
}

/// n sigmas from max to min, equally spaced in log(sigma).
inline std::vector<double> exponential_sigmas(double min, double max, std::int64_t n) {
  std::vector<double> sigmas(n);
  for (std::int64_t k = 0; k < n; ++k)
    sigmas[k] = max * std::pow(min / max, n > 1 ? static_cast<double>(k) / static_cast<double>(n - 1) : 0);
  return sigmas;
}

/// Where a run ends: 0, or the smallest sigma of the training.
inline double final_sigma(const SchedulerConfig& config, const Eigen::ArrayXd& table) {
  require(config.final_sigmas_type == "zero" || config.final_sigmas_type == "sigma_min", "final_sigmas_type '",
          config.final_sigmas_type, "' is unknown; it can be zero or sigma_min");
  return config.final_sigmas_type == "zero" ? 0.0 : table[0];
}

/// sqrt(sigma^2 + 1), without overflow.
inline double norm_of_sample(double sigma) { return std::hypot(sigma, 1.0); }

/// What Euler and EulerAncestral share: samples x_0 + sigma noise, which are scaled to variance 1 for the model.
class VarianceExploding {
 public:
  const std::vector<double>& timesteps() const { return grid_.timesteps; }
  const std::vector<double>& sigmas() const { return grid_.sigmas; }
  /// The deviation of the first sample; "leading" starts below the noisiest timestep, where the picture's own variance
  /// counts.
  double init_noise_sigma() const {
    const double largest = *std::max_element(grid_.sigmas.begin(), grid_.sigmas.end());
    return config_.timestep_spacing == Spacing::Leading ? norm_of_sample(largest) : largest;
  }
  Tensor scale_model_input(const Tensor& x, std::int64_t k) const { return x / norm_of_sample(grid_.sigmas.at(k)); }
  Tensor add_noise(const Tensor& x0, const Tensor& noise, std::int64_t k) const {
    return x0 + grid_.sigmas.at(k) * noise;
  }

 protected:
  VarianceExploding(const SchedulerConfig& config, SigmaGrid grid) : config_(config), grid_(std::move(grid)) {}

  /// The picture and the noise by the model's output, of a sample at sigma.
  std::pair<Tensor, Tensor> x0_and_noise(const Tensor& x, const Tensor& output, double sigma) const {
    switch (config_.prediction_type) {
      case Prediction::Epsilon:
        return {x - sigma * output, output};
      case Prediction::Sample:
        return {output, (x - output) / sigma};
      default: {
        const double norm = norm_of_sample(sigma);
        const Tensor x0 = x / (norm * norm) - sigma / norm * output;
        return {x0, (x - x0) / sigma};
      }
    }
  }

  SchedulerConfig config_;
  SigmaGrid grid_;
};

/// The spaced timesteps of the sigma samplers; fractional ones are rounded to float32, as the model gets them.
inline std::vector<double> fractional_timesteps(const SchedulerConfig& config, std::int64_t steps) {
  auto timesteps = spaced_timesteps(config.timestep_spacing, config.num_train_timesteps, steps, config.steps_offset);
  for (double& t : timesteps) t = static_cast<float>(t);
  return timesteps;
}

}  // namespace opad
