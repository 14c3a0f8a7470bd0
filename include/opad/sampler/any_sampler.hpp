#pragma once
#include <variant>

#include <opad/core/once.hpp>
#include <opad/sampler/ddim.hpp>
#include <opad/sampler/ddpm.hpp>
#include <opad/sampler/dpm_solver_plus_plus_2m.hpp>
#include <opad/sampler/euler.hpp>
#include <opad/sampler/euler_ancestral.hpp>
#include <opad/sampler/lcm.hpp>

namespace opad {

/// The sampler that a scheduler config names, chosen at run time.
class AnySampler {
 public:
  using Variant = std::variant<Ddim, Ddpm, Euler, EulerAncestral, Lcm, DpmSolverPlusPlus2M>;

  /// eta is Ddim's. Throws for a class that is not among the samplers.
  AnySampler(const SchedulerConfig& config, std::int64_t steps, double eta = 0) : sampler_(make(config, steps, eta)) {}

  const std::vector<double>& timesteps() const {
    return std::visit([](const auto& s) -> const std::vector<double>& { return s.timesteps(); }, sampler_);
  }
  double init_noise_sigma() const {
    return std::visit([](const auto& s) { return s.init_noise_sigma(); }, sampler_);
  }
  bool needs_noise(std::int64_t k) const {
    return std::visit([&](const auto& s) { return s.needs_noise(k); }, sampler_);
  }
  Tensor scale_model_input(const Tensor& x, std::int64_t k) const {
    return std::visit([&](const auto& s) { return s.scale_model_input(x, k); }, sampler_);
  }
  Tensor add_noise(const Tensor& x0, const Tensor& noise, std::int64_t k) const {
    return std::visit([&](const auto& s) { return s.add_noise(x0, noise, k); }, sampler_);
  }
  SamplerStep step(const Tensor& output, std::int64_t k, const Tensor& x, const Tensor& noise = {}) {
    return std::visit([&](auto& s) { return s.step(output, k, x, noise); }, sampler_);
  }
  const Variant& get() const { return sampler_; }

 private:
  OPAD_ONCE static Variant make(const SchedulerConfig& config, std::int64_t steps, double eta) {
    const std::string& name = config.class_name;
    if (name == "DDIMScheduler" || name == "DDIMParallelScheduler") return Ddim(config, steps, eta);
    if (name == "DDPMScheduler" || name == "DDPMParallelScheduler") return Ddpm(config, steps);
    if (name == "EulerDiscreteScheduler") return Euler(config, steps);
    if (name == "EulerAncestralDiscreteScheduler") return EulerAncestral(config, steps);
    if (name == "LCMScheduler") return Lcm(config, steps);
    if (name == "DPMSolverMultistepScheduler") return DpmSolverPlusPlus2M(config, steps);
    fail("no sampler for the scheduler class '", name,
         "'; read its config as DDIMScheduler, DDPMScheduler, LCMScheduler, "
         "EulerDiscreteScheduler, EulerAncestralDiscreteScheduler or DPMSolverMultistepScheduler");
  }
  Variant sampler_;
};
static_assert(Sampler<AnySampler>);

/// The sampler of a scheduler config:  make_sampler(SchedulerConfig::from_pretrained(folder / "scheduler"), 25).
inline AnySampler make_sampler(const SchedulerConfig& config, std::int64_t steps, double eta = 0) {
  return {config, steps, eta};
}

}  // namespace opad
