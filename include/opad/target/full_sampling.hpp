#pragma once
#include <boost/hana.hpp>

#include <opad/core/number_error.hpp>
#include <opad/pipeline/denoise.hpp>
#include <opad/sampler/ddim.hpp>
#include <opad/target/target.hpp>

namespace opad {

/// The teacher's own picture of the prompt, sampled from z in `steps` guided DDIM steps: independent of what the
/// student drew, and `steps` times as dear as RandomStep. No noise level belongs to it, so omega counts it in full.
/// Defaults: the released trainer's way of sampling.  steps >= 1.
struct FullSampling {
  static constexpr std::string_view name = "full-sampling";
  static constexpr bool needs_teacher = true, clean = true;
  std::int64_t steps = 25;
  double guidance = 7.5;

  void check() const { require_number(steps >= 1, "FullSampling", "steps", steps, "1 or more"); }
  void check(const SchedulerConfig& scheduler) const { Ddim(scheduler, steps); }
  Tensor latent(const Question& q, const Tensor&) const {
    torch::NoGradGuard no_grad;
    Ddim sampler(q.scheduler, steps);
    return denoise(q.teacher, sampler, q.noise * sampler.init_noise_sigma(),
                   {.condition = q.condition, .null_condition = q.null_condition, .guidance = guidance});
  }
};
static_assert(TeacherTarget<FullSampling>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::FullSampling, steps, guidance);
