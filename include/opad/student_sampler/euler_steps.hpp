#pragma once
#include <boost/hana.hpp>

#include <opad/core/number_error.hpp>
#include <opad/pipeline/denoise.hpp>
#include <opad/sampler/euler.hpp>
#include <opad/student_sampler/student_sampler.hpp>

namespace opad {

/// Euler steps on the trailing grid of the student's own scheduler, without guidance, gradient through all of them.
///   steps   1, or more for students that take 2 or 4
struct EulerSteps {
  static constexpr std::string_view name = "euler-steps";
  std::int64_t steps = 1;
  void check() const { require_number(steps >= 1, "EulerSteps", "steps", steps, "1 or more"); }
  Tensor operator()(const Denoiser& student, const SchedulerConfig& scheduler, const Tensor& noise,
                    const Tensor& condition) const {
    check();
    Euler sampler(scheduler, steps);
    return denoise(student, sampler, noise * sampler.init_noise_sigma(), {.condition = condition});
  }
};
static_assert(StudentSampler<EulerSteps>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::EulerSteps, steps);
