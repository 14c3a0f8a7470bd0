#pragma once
#include <opad/schedule/scheduler_config.hpp>

namespace opad {

/// The forward process of a noise schedule, and what a model's output says about it:
///   x_t = signal_t x_0 + sigma_t noise,     signal_t = sqrt(alpha_bar_t),  sigma_t = sqrt(1 - alpha_bar_t)
///   t   [B] int64 in [0, T), one timestep for each sample;   x_0, noise, x_t, output   [B, ...] of one shape
/// Tables are computed in float64 and rounded once, to the type of the samples.
class Diffusion {
 public:
  explicit Diffusion(const Eigen::ArrayXd& alpha_bar, Prediction prediction = Prediction::Epsilon)
      : prediction_(prediction) {
    require(alpha_bar.size() >= 2 && (alpha_bar >= 0).all() && (alpha_bar <= 1).all(),
            "Diffusion: alpha_bar leaves [0, 1]");
    alpha_bar_ = torch::empty({alpha_bar.size()}, torch::kFloat64);
    Eigen::Map<Eigen::ArrayXd>(alpha_bar_.data_ptr<double>(), alpha_bar.size()) = alpha_bar;
    signal_ = alpha_bar_.sqrt();
    sigma_ = (1 - alpha_bar_).sqrt();
    ends_at_zero_ = alpha_bar[alpha_bar.size() - 1] == 0;
  }
  explicit Diffusion(const SchedulerConfig& config) : Diffusion(config.alpha_bar(), config.prediction_type) {}

  /// T, the number of training timesteps.
  std::int64_t steps() const { return alpha_bar_.size(0); }
  Prediction prediction() const { return prediction_; }
  /// Moves the tables to where the timesteps and samples are.
  void to(torch::Device device) {
    for (Tensor* table : {&alpha_bar_, &signal_, &sigma_}) *table = table->to(device);
  }

  Tensor alpha_bar(const Tensor& t) const {
    return at_timesteps(alpha_bar_, t).to(t.device(), torch::kFloat32);
  }  // [B] -> [B]

  Tensor add_noise(const Tensor& x0, const Tensor& noise, const Tensor& t) const {
    return scale(signal_, t, x0) * x0 + scale(sigma_, t, x0) * noise;
  }
  /// What a v-predicting model should say.
  Tensor velocity(const Tensor& x0, const Tensor& noise, const Tensor& t) const {
    return scale(signal_, t, x0) * noise - scale(sigma_, t, x0) * x0;
  }
  /// What this model should say: the noise, x0 or the velocity.
  Tensor target(const Tensor& x0, const Tensor& noise, const Tensor& t) const {
    switch (prediction_) {
      case Prediction::Sample:
        return x0;
      case Prediction::V:
        return velocity(x0, noise, t);
      default:
        return noise;
    }
  }
  Tensor predicted_x0(const Tensor& x_t, const Tensor& output, const Tensor& t) const {
    require(!(ends_at_zero_ && prediction_ == Prediction::Epsilon),
            "Diffusion: with zero terminal SNR the noise does not tell x0; use a v_prediction or sample model");
    return x0_from(prediction_, x_t, output, scale(signal_, t, x_t), scale(sigma_, t, x_t));
  }
  Tensor predicted_noise(const Tensor& x_t, const Tensor& output, const Tensor& t) const {
    return noise_from(prediction_, x_t, output, scale(signal_, t, x_t), scale(sigma_, t, x_t));
  }

 private:
  Tensor at_timesteps(const Tensor& table, const Tensor& t) const {
    require(t.dim() == 1 && t.scalar_type() == torch::kInt64, "Diffusion: timesteps are ", t.scalar_type(), " ",
            t.sizes(), "; give int64 [B]");
    if (t.is_cpu() && t.numel() > 0)  // on a GPU looking at the values would wait for it
      require(t.min().item<std::int64_t>() >= 0 && t.max().item<std::int64_t>() < steps(), "Diffusion: timesteps from ",
              t.min().item<std::int64_t>(), " to ", t.max().item<std::int64_t>(), "; give 0 to ", steps() - 1);
    return table.index_select(0, t.to(table.device()));
  }
  /// The table's value for each sample of `like`, in its type, shaped to multiply it.
  Tensor scale(const Tensor& table, const Tensor& t, const Tensor& like) const {
    require(like.dim() >= 1 && t.numel() == like.size(0), "Diffusion: ", t.numel(), " timesteps for samples ",
            like.sizes(), "; give one for each sample");
    return per_sample(at_timesteps(table, t).to(like.device(), like.scalar_type()), like);
  }

  Tensor alpha_bar_, signal_, sigma_;  // [T] float64
  Prediction prediction_;
  bool ends_at_zero_ = false;
};

}  // namespace opad
