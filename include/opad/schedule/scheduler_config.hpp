#pragma once
#include <filesystem>
#include <limits>
#include <set>

#include <opad/core/once.hpp>
#include <opad/models/config.hpp>
#include <opad/schedule/linear_betas.hpp>
#include <opad/schedule/prediction.hpp>
#include <opad/schedule/scaled_linear.hpp>
#include <opad/schedule/sigmoid_betas.hpp>
#include <opad/schedule/spacing.hpp>
#include <opad/schedule/squared_cosine.hpp>
#include <opad/schedule/trained_betas.hpp>
#include <opad/schedule/zero_terminal_snr.hpp>

namespace opad {

/// A diffusers scheduler's config (scheduler/scheduler_config.json of a model folder): the noise schedule and how to
/// sample. Members are named as its keys. A key that is absent has the default of that scheduler class, and they
/// differ; keys that the class does not know are ignored.
struct SchedulerConfig {
  std::string class_name;  // "_class_name"
  std::int64_t num_train_timesteps = 1000;
  double beta_start = 0.0001, beta_end = 0.02;
  std::string beta_schedule = "linear";
  std::vector<double> trained_betas;
  bool rescale_betas_zero_snr = false;
  Prediction prediction_type = Prediction::Epsilon;

  Spacing timestep_spacing = Spacing::Linspace;
  std::int64_t steps_offset = 0;
  bool clip_sample = false;  // of the predicted x0, to [-clip_sample_range, clip_sample_range]
  double clip_sample_range = 1.0;
  bool thresholding = false;  // dynamically, instead of clipping: see limited_sample (sampler/sampler.hpp)
  double dynamic_thresholding_ratio = 0.995, sample_max_value = 1.0;
  bool set_alpha_to_one = true;               // DDIM: the last step ends at alpha_bar 1, not at alpha_bar_0
  std::string variance_type = "fixed_small";  // DDPM
  std::string interpolation_type = "linear";  // Euler: sigmas between timesteps
  std::string timestep_type = "discrete";     // Euler
  std::string final_sigmas_type = "zero";     // Euler, DPM-Solver
  bool use_karras_sigmas = false, use_exponential_sigmas = false;        // Euler, DPM-Solver
  double sigma_min = 0, sigma_max = 0;                                   // 0: from the schedule
  std::string algorithm_type = "dpmsolver++", solver_type = "midpoint";  // DPM-Solver, to lambda_min_clipped
  std::int64_t solver_order = 2;
  bool lower_order_final = true, euler_at_final = false;
  double lambda_min_clipped = -std::numeric_limits<double>::infinity();
  std::int64_t original_inference_steps = 50;  // LCM: the steps of its distillation
  double timestep_scaling = 10.0;              // LCM

  /// The defaults of a scheduler class. Throws for a class that has no betas, or that is unknown.
  explicit SchedulerConfig(const std::string& name = "DDIMScheduler");

  /// where       what the JSON is, for error messages
  /// as_class    reads the config as another class would (its keys, its defaults); empty: as the class it names
  static SchedulerConfig from_json(const Json& json, const std::string& where, const std::string& as_class = "");
  /// From scheduler_config.json in `folder`.
  static SchedulerConfig from_pretrained(const std::filesystem::path& folder, const std::string& as_class = "");
  /// What scheduler_config.json in `folder` says.
  static Json json_in(const std::filesystem::path& folder);

  /// The noise schedule, [T].
  Eigen::ArrayXd alpha_bar() const;

 private:
  bool works_in_sigmas() const {
    return !class_name.starts_with("DD") && class_name != "LCMScheduler" && class_name != "TCDScheduler";
  }
  bool can_rescale() const {
    static const std::set<std::string> classes{
        "EulerDiscreteScheduler",  "EulerAncestralDiscreteScheduler", "LCMScheduler",
        "UniPCMultistepScheduler", "DPMSolverMultistepScheduler",     "TCDScheduler"};
    return class_name.starts_with("DD") || classes.contains(class_name);
  }
  Eigen::ArrayXd before_rescaling() const {
    if (!trained_betas.empty()) return TrainedBetas{trained_betas}.alpha_bar();
    if (beta_schedule == "linear") return LinearBetas{num_train_timesteps, beta_start, beta_end}.alpha_bar();
    if (beta_schedule == "scaled_linear") return ScaledLinear{num_train_timesteps, beta_start, beta_end}.alpha_bar();
    if (beta_schedule == "squaredcos_cap_v2") return SquaredCosine{.steps = num_train_timesteps}.alpha_bar();
    if (beta_schedule == "sigmoid") return SigmoidBetas{num_train_timesteps, beta_start, beta_end}.alpha_bar();
    fail("beta_schedule '", beta_schedule,
         "' is unknown; it can be linear, scaled_linear, squaredcos_cap_v2 or sigmoid");
  }
};

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/schedule/detail/scheduler_config.hpp>
#endif
