#pragma once
#include <opad/schedule/scheduler_config.hpp>

namespace opad {

OPAD_ONCE SchedulerConfig::SchedulerConfig(const std::string& name) : class_name(name) {
  using Names = std::set<std::string>;
  static const Names leading{"DDIMScheduler",         "DDIMParallelScheduler", "DDIMInverseScheduler", "DDPMScheduler",
                             "DDPMParallelScheduler", "PNDMScheduler",         "LCMScheduler",         "TCDScheduler"};
  static const Names stable_diffusion{
      "HeunDiscreteScheduler", "KDPM2DiscreteScheduler", "KDPM2AncestralDiscreteScheduler",
      "DPMSolverSDEScheduler", "LCMScheduler",           "TCDScheduler"};
  static const Names others{"EulerDiscreteScheduler",       "EulerAncestralDiscreteScheduler",
                            "LMSDiscreteScheduler",         "DPMSolverMultistepScheduler",
                            "DPMSolverSinglestepScheduler", "UniPCMultistepScheduler",
                            "DEISMultistepScheduler",       "SASolverScheduler"};
  require(
      leading.contains(name) || stable_diffusion.contains(name) || others.contains(name), "the scheduler class '", name,
      "' is none with a beta schedule that opad knows; use the config of DDIMScheduler, DDPMScheduler, LCMScheduler, "
      "EulerDiscreteScheduler, EulerAncestralDiscreteScheduler or DPMSolverMultistepScheduler");
  if (leading.contains(name)) timestep_spacing = Spacing::Leading;
  if (stable_diffusion.contains(name)) beta_start = 0.00085, beta_end = 0.012;
  if (name == "LCMScheduler" || name == "TCDScheduler") beta_schedule = "scaled_linear";
  clip_sample = name.starts_with("DDIM") || name.starts_with("DDPM");
  set_alpha_to_one = name != "PNDMScheduler";
}

OPAD_ONCE SchedulerConfig SchedulerConfig::from_pretrained(const std::filesystem::path& folder,
                                                           const std::string& as_class) {
  return from_json(json_in(folder), (folder / "scheduler_config.json").string(), as_class);
}

OPAD_ONCE Json SchedulerConfig::json_in(const std::filesystem::path& folder) {
  const auto file = folder / "scheduler_config.json";
  std::string text = read_file(file);
  constexpr std::string_view infinity = "-Infinity";  // Python writes it (lambda_min_clipped), JSON has no such word
  for (auto at = text.find(infinity); at != text.npos; at = text.find(infinity, at))
    text.replace(at, infinity.size(), "null");
  return parse_json(text, file.string());
}

OPAD_ONCE Eigen::ArrayXd SchedulerConfig::alpha_bar() const {
  Eigen::ArrayXd table = before_rescaling();
  if (!rescale_betas_zero_snr) return table;
  table = rescale_to_zero_terminal_snr(table);
  if (works_in_sigmas()) table[table.size() - 1] = 0x1p-24;  // sigma = sqrt((1 - alpha_bar) / alpha_bar) stays finite
  return table;
}

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
