#pragma once
/// The laws that every TeacherTarget obeys (target/target.hpp).
#include <opad/target/target.hpp>
#include <opad/train/iteration.hpp>

#include "support/catch.hpp"
#include "support/small_unet.hpp"

namespace laws {

/// A small teacher and a question to it.
struct Asked {
  opad::Passes passes;
  opad::SchedulerConfig scheduler;
  opad::Denoiser teacher;
  opad::Tensor start, noise, condition, null_condition;

  Asked() : scheduler(stable_diffusion()), teacher{"teacher-unet", small_unet(), opad::Diffusion(scheduler), &passes} {
    auto stream = opad::Random(9).stream("question");
    start = stream.normal({3, 4, 8, 8}), noise = stream.normal({3, 4, 8, 8});
    condition = stream.normal({3, 5, 12}), null_condition = stream.normal({1, 5, 12});
  }
  opad::Question question() const { return {teacher, scheduler, start, noise, condition, null_condition}; }
  static opad::SchedulerConfig stable_diffusion() {
    opad::SchedulerConfig config("DDIMScheduler");
    config.beta_schedule = "scaled_linear", config.beta_start = 0.00085, config.beta_end = 0.012;
    config.clip_sample = config.set_alpha_to_one = false, config.steps_offset = 1;
    config.prediction_type = opad::Prediction::V;
    return config;
  }
};

/// An answer of the question's shape; the same when asked again; each sample's own (the same noise level for all of
/// them is allowed); without gradient when asked as the trainer asks; it depends on what the photographs' condition is.
template <opad::TeacherTarget T>
void teacher_target(const T& target) {
  static const opad::Observer nobody;
  torch::NoGradGuard no_grad;
  Asked asked;
  const opad::Draws draws(opad::Random(2), 3, 0, torch::kCPU, nobody);
  opad::Tensor timestep;
  if constexpr (!T::clean) {
    timestep = target.timestep(asked.question(), draws);
    REQUIRE(timestep.sizes() == at::IntArrayRef{3});
    REQUIRE(timestep.scalar_type() == torch::kInt64);
    REQUIRE(timestep.min().template item<std::int64_t>() >= 0);
    REQUIRE(timestep.max().template item<std::int64_t>() < asked.teacher.diffusion.steps());
    REQUIRE(at::equal(timestep, target.timestep(asked.question(), draws)));
  }
  const opad::Tensor answer = target.latent(asked.question(), timestep);
  REQUIRE(answer.sizes() == asked.start.sizes());
  REQUIRE(at::isfinite(answer).all().template item<bool>());
  REQUIRE_FALSE(answer.requires_grad());
  REQUIRE(at::equal(answer, target.latent(asked.question(), timestep)));
  asked.condition = asked.condition.clone();
  asked.condition[2] += 1;
  const opad::Tensor other = target.latent(asked.question(), timestep);
  REQUIRE(at::allclose(other.narrow(0, 0, 2), answer.narrow(0, 0, 2), 1e-4, 1e-5));
  REQUIRE_FALSE(at::allclose(other[2], answer[2], 1e-4, 1e-5));
}

}  // namespace laws
