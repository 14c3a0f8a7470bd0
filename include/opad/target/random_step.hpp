#pragma once
#include <boost/hana.hpp>

#include <opad/target/target.hpp>

namespace opad {

/// One prediction of the teacher at a random noise level:  t' ~ U{0 .. T-1} for each sample, x_t' = add_noise(x̂0, z,
/// t'), y0 = the clean latent that the guided prediction stands for, not clipped. The method's default; guidance: the
/// released trainer's.
struct RandomStep {
  static constexpr std::string_view name = "random-step";
  static constexpr bool needs_teacher = true, clean = false;
  double guidance = 7.5;

  template <class Draws>
  Tensor timestep(const Question& q, const Draws& draws) const {
    return draws.integers("target/timestep", 0, q.teacher.diffusion.steps(), {q.start.size(0)});
  }
  Tensor latent(const Question& q, const Tensor& timestep) const {
    const Tensor noisy = q.teacher.diffusion.add_noise(q.start, q.noise, timestep);
    const Tensor prediction = q.teacher.predict_guided(noisy, timestep, q.condition, q.null_condition, guidance);
    return q.teacher.diffusion.predicted_x0(noisy, prediction, timestep);
  }
};
static_assert(TeacherTarget<RandomStep>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::RandomStep, guidance);
