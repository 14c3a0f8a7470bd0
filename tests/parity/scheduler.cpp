// Schedulers: tables, timesteps, whole trajectories of the fixture's fake model, and the training-side formulas.
#include <opad/sampler/any_sampler.hpp>
#include <opad/schedule/diffusion.hpp>

#include "parity.hpp"

namespace {

using namespace opad;

Tensor fake_model(const Tensor& x, double t) { return 0.3 * torch::tanh(x) + 0.1 * std::sin(t / 100); }

/// The sampler's sigmas; none for those that count in alpha_bar.
std::vector<double> sigmas_of(const AnySampler& sampler) {
  return std::visit(
      [](const auto& s) -> std::vector<double> {
        if constexpr (requires { s.sigmas(); }) return s.sigmas();
        else return {};
      },
      sampler.get());
}

/// The step whose timestep t is; of several the second.
std::int64_t step_of(const AnySampler& sampler, double t) {
  std::vector<std::int64_t> found;
  for (std::size_t k = 0; k < sampler.timesteps().size(); ++k)
    if (sampler.timesteps()[k] == t) found.push_back(static_cast<std::int64_t>(k));
  if (found.empty()) return static_cast<std::int64_t>(sampler.timesteps().size()) - 1;  // as DPM-Solver's class does
  return found.size() > 1 ? found[1] : found[0];
}

/// One run of a case: a config, sampled from and trained with.
class Run {
 public:
  Run(const parity::Case& c, parity::Report& report, const Json& spec, const std::string& scheduler)
      : case_(c),
        report_(report),
        name_(spec.at("run")),
        config_(SchedulerConfig::from_pretrained(c.folder / "model" / name_, scheduler)),
        euler_(scheduler.starts_with("Euler")),
        solver_(scheduler.starts_with("DPMSolver")) {
    if (spec.contains("steps")) sampler_.emplace(config_, spec.at("steps").get<std::int64_t>(), spec.value("eta", 0.0));
  }

  void compare() {
    if (sampler_) trajectory();
    const Eigen::ArrayXd alpha_bar = config_.alpha_bar();
    out("alphas_cumprod", torch::tensor(std::vector<double>(alpha_bar.begin(), alpha_bar.end()), torch::kFloat64));
    out("init_noise_sigma",
        torch::tensor(sampler_ ? sampler_->init_noise_sigma() : untimed_init_noise_sigma(), torch::kFloat64));
    if (case_.has("in." + name_ + ".t")) training();
  }

 private:
  Tensor in(const std::string& key) const { return case_.at("in." + name_ + "." + key); }
  bool asked(const std::string& key) const { return case_.json.at("outputs").contains("out." + name_ + "." + key); }
  void out(const std::string& key, const Tensor& value) { report_.tensor("out." + name_ + "." + key, value); }

  void trajectory() {
    const auto& timesteps = sampler_->timesteps();
    out("timesteps", torch::tensor(timesteps, torch::kFloat64).to(euler_ ? torch::kFloat32 : torch::kInt64));
    if (asked("sigmas")) out("sigmas", torch::tensor(sigmas_of(*sampler_), torch::kFloat64));
    Tensor x = in("x") * sampler_->init_noise_sigma();
    std::vector<Tensor> samples{x}, inputs, pictures;
    for (std::int64_t k = 0; k < static_cast<std::int64_t>(timesteps.size()); ++k) {
      inputs.push_back(sampler_->scale_model_input(x, k));
      const Tensor output = fake_model(inputs.back(), timesteps[k]);
      const auto step = sampler_->step(output, k, x, sampler_->needs_noise(k) ? in("noise")[k] : Tensor());
      x = step.prev_sample;
      samples.push_back(x);
      pictures.push_back(step.pred_original);
    }
    out("trajectory", torch::stack(samples));
    out("scaled_input", torch::stack(inputs));
    if (asked("pred_original")) out("pred_original", torch::stack(pictures));
  }

  /// Before its timesteps are set, the library's Euler stands at all T of them.
  double untimed_init_noise_sigma() const {
    if (!euler_) return 1;
    const double largest = sigma_table(config_).maxCoeff();
    return config_.timestep_spacing == Spacing::Leading ? norm_of_sample(largest) : largest;
  }

  void training() {
    const Tensor clean = in("clean"), z = in("z"), t = in("t");
    const Diffusion diffusion(config_);
    Tensor steps = t.to(torch::kInt64);  // Euler's get_velocity looks alpha_bar up at the step, not at its timestep
    if (euler_ || solver_) {
      std::vector<Tensor> noisy;
      for (std::int64_t i = 0; i < t.size(0); ++i) {
        const double timestep = t[i].item<double>();
        const std::int64_t last = config_.num_train_timesteps - 1;
        const std::int64_t k = sampler_ ? step_of(*sampler_, timestep) : last - std::llround(timestep);
        steps[i] = k;
        noisy.push_back(sampler_ ? sampler_->add_noise(clean[i], z[i], k)
                                 : untimed_add_noise(clean[i], z[i], solver_ ? k : last - k));
      }
      out("add_noise", torch::stack(noisy));
    } else {
      out("add_noise", diffusion.add_noise(clean, z, steps));
    }
    if (asked("velocity")) out("velocity", diffusion.velocity(clean, z, steps));
  }
  /// DPM-Solver's class keeps its sigmas the other way round until its timesteps are set, so t is counted from the
  /// other end.
  Tensor untimed_add_noise(const Tensor& clean, const Tensor& z, std::int64_t t) const {
    const double sigma = sigma_table(config_)[t], scale = solver_ ? 1 / norm_of_sample(sigma) : 1;
    return scale * (clean + sigma * z);
  }

  const parity::Case& case_;
  parity::Report& report_;
  std::string name_;
  SchedulerConfig config_;
  bool euler_, solver_;
  std::optional<AnySampler> sampler_;
};

void run(const parity::Case& c, parity::Report& report) {
  const Json& recipe = c.json.at("recipe");
  for (const Json& spec : recipe.at("runs")) Run(c, report, spec, recipe.at("class")).compare();
}

const parity::Family family{"scheduler", run};

}  // namespace
