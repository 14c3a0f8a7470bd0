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
  OPAD_ONCE explicit SchedulerConfig(const std::string& name = "DDIMScheduler") : class_name(name) {
    using Names = std::set<std::string>;
    static const Names leading{"DDIMScheduler", "DDIMParallelScheduler", "DDIMInverseScheduler",
                               "DDPMScheduler", "DDPMParallelScheduler", "PNDMScheduler",
                               "LCMScheduler",  "TCDScheduler"};
    static const Names stable_diffusion{
        "HeunDiscreteScheduler", "KDPM2DiscreteScheduler", "KDPM2AncestralDiscreteScheduler",
        "DPMSolverSDEScheduler", "LCMScheduler",           "TCDScheduler"};
    static const Names others{"EulerDiscreteScheduler",       "EulerAncestralDiscreteScheduler",
                              "LMSDiscreteScheduler",         "DPMSolverMultistepScheduler",
                              "DPMSolverSinglestepScheduler", "UniPCMultistepScheduler",
                              "DEISMultistepScheduler",       "SASolverScheduler"};
    require(
        leading.contains(name) || stable_diffusion.contains(name) || others.contains(name), "the scheduler class '",
        name,
        "' is none with a beta schedule that opad knows; use the config of DDIMScheduler, DDPMScheduler, LCMScheduler, "
        "EulerDiscreteScheduler, EulerAncestralDiscreteScheduler or DPMSolverMultistepScheduler");
    if (leading.contains(name)) timestep_spacing = Spacing::Leading;
    if (stable_diffusion.contains(name)) beta_start = 0.00085, beta_end = 0.012;
    if (name == "LCMScheduler" || name == "TCDScheduler") beta_schedule = "scaled_linear";
    clip_sample = name.starts_with("DDIM") || name.starts_with("DDPM");
    set_alpha_to_one = name != "PNDMScheduler";
  }

  /// where       what the JSON is, for error messages
  /// as_class    reads the config as another class would (its keys, its defaults); empty: as the class it names
  static SchedulerConfig from_json(const Json& json, const std::string& where, const std::string& as_class = "");
  /// From scheduler_config.json in `folder`.
  static SchedulerConfig from_pretrained(const std::filesystem::path& folder, const std::string& as_class = "") {
    return from_json(json_in(folder), (folder / "scheduler_config.json").string(), as_class);
  }
  /// What scheduler_config.json in `folder` says.
  OPAD_ONCE static Json json_in(const std::filesystem::path& folder) {
    const auto file = folder / "scheduler_config.json";
    std::string text = read_file(file);
    constexpr std::string_view infinity = "-Infinity";  // Python writes it (lambda_min_clipped), JSON has no such word
    for (auto at = text.find(infinity); at != text.npos; at = text.find(infinity, at))
      text.replace(at, infinity.size(), "null");
    return parse_json(text, file.string());
  }

  /// The noise schedule, [T].
  OPAD_ONCE Eigen::ArrayXd alpha_bar() const {
    Eigen::ArrayXd table = before_rescaling();
    if (!rescale_betas_zero_snr) return table;
    table = rescale_to_zero_terminal_snr(table);
    if (works_in_sigmas()) table[table.size() - 1] = 0x1p-24;  // sigma = sqrt((1 - alpha_bar) / alpha_bar) stays finite
    return table;
  }

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

OPAD_ONCE SchedulerConfig SchedulerConfig::from_json(const Json& json, const std::string& where,
                                                     const std::string& as_class) {
  require(json.is_object(), where, ": a scheduler config is a JSON object");
  Json given = Json::object();
  for (const auto& [key, value] : json.items())
    if (!value.is_null()) given[key] = value;  // null stands for the default
  const ConfigReader read(given, where);
  std::string name = as_class, prediction = "epsilon", spacing;
  if (name.empty()) read("_class_name", name);
  require(!name.empty(), where,
          ": '_class_name' is missing; it names the diffusers scheduler class, e.g. DDIMScheduler");

  SchedulerConfig c(name);
  read("num_train_timesteps", c.num_train_timesteps);
  read("beta_start", c.beta_start), read("beta_end", c.beta_end);
  read("beta_schedule", c.beta_schedule);
  read("trained_betas", c.trained_betas);
  if (c.can_rescale()) read("rescale_betas_zero_snr", c.rescale_betas_zero_snr);
  read("prediction_type", prediction);
  c.prediction_type = parse_prediction(prediction, where);
  read("timestep_spacing", spacing);
  if (!spacing.empty()) c.timestep_spacing = parse_spacing(spacing, where);
  read("steps_offset", c.steps_offset);
  read("clip_sample", c.clip_sample), read("clip_sample_range", c.clip_sample_range);
  read("set_alpha_to_one", c.set_alpha_to_one);
  read("variance_type", c.variance_type);
  read("interpolation_type", c.interpolation_type), read("timestep_type", c.timestep_type);
  read("final_sigmas_type", c.final_sigmas_type);
  read("use_karras_sigmas", c.use_karras_sigmas), read("use_exponential_sigmas", c.use_exponential_sigmas);
  read("sigma_min", c.sigma_min), read("sigma_max", c.sigma_max);
  read("algorithm_type", c.algorithm_type), read("solver_type", c.solver_type), read("solver_order", c.solver_order);
  read("lower_order_final", c.lower_order_final), read("euler_at_final", c.euler_at_final);
  read("lambda_min_clipped", c.lambda_min_clipped);
  read("original_inference_steps", c.original_inference_steps), read("timestep_scaling", c.timestep_scaling);
  read("thresholding", c.thresholding);
  read("dynamic_thresholding_ratio", c.dynamic_thresholding_ratio), read("sample_max_value", c.sample_max_value);
  read.only({{"use_beta_sigmas", false}, {"use_lu_lambdas", false}, {"use_flow_sigmas", false}});

  if (!c.trained_betas.empty()) c.num_train_timesteps = static_cast<std::int64_t>(c.trained_betas.size());
  require(c.num_train_timesteps <= 1'000'000, where, ": num_train_timesteps is ", c.num_train_timesteps,
          "; give 2 to 1000000");
  require(0 <= c.steps_offset && c.steps_offset < c.num_train_timesteps, where, ": steps_offset is ", c.steps_offset,
          "; give 0 to ", c.num_train_timesteps - 1);
  require(c.clip_sample_range > 0 && c.sigma_min >= 0 && c.sigma_max >= 0, where, ": clip_sample_range ",
          c.clip_sample_range, ", sigma_min ", c.sigma_min, ", sigma_max ", c.sigma_max, "; give numbers > 0");
  require(0 <= c.dynamic_thresholding_ratio && c.dynamic_thresholding_ratio <= 1 && c.sample_max_value > 0, where,
          ": dynamic_thresholding_ratio ", c.dynamic_thresholding_ratio, ", sample_max_value ", c.sample_max_value,
          "; give a share from 0 to 1, and a number > 0");
  try {
    c.alpha_bar();
  } catch (const Error& error) { fail(where, ": ", error.what()); }
  return c;
}

}  // namespace opad
