#pragma once
#include <opad/student_sampler/euler_steps.hpp>

namespace lab {

/// One step, and one more from the middle: the first picture gets the very noise that it was made of again, as much as
/// belongs to share * T, and the student answers once more. It draws nothing. After Xu et al., "Restart Sampling for
/// Improving Generative Processes", NeurIPS 2023, arXiv 2306.14878 (there with fresh noise).
struct Restart {
  static constexpr std::string_view name = "restart";
  double share = 0.5;
  opad::Tensor operator()(const opad::Denoiser& student, const opad::SchedulerConfig& scheduler,
                          const opad::Tensor& noise, const opad::Tensor& condition) const {  // -> [B, 4, h, w]
    opad::require(0 < share && share < 1, "Restart: share = ", share, "; give a share in (0, 1)");
    const opad::Tensor first = opad::EulerSteps{.steps = 1}(student, scheduler, noise, condition);
    const auto middle = static_cast<std::int64_t>(share * static_cast<double>(student.diffusion.steps()));
    const opad::Tensor timestep = at::full({noise.size(0)}, middle, noise.options().dtype(torch::kInt64));
    const opad::Tensor noisy = student.diffusion.add_noise(first, noise, timestep);
    return student.diffusion.predicted_x0(noisy, student.predict(noisy, timestep, condition), timestep);
  }
};
static_assert(opad::StudentSampler<Restart>);

}  // namespace lab

BOOST_HANA_ADAPT_STRUCT(lab::Restart, share);
