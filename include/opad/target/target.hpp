#pragma once
#include <concepts>
#include <string_view>

#include <opad/schedule/scheduler_config.hpp>
#include <opad/space/denoiser.hpp>

namespace opad {

/// What a target policy may ask for: the teacher as it is now, and the pictures to answer for.
struct Question {
  const Denoiser& teacher;
  const SchedulerConfig& scheduler;  // the teacher's
  Tensor start;                      // x̂0, detached  [B, 4, h, w]
  Tensor noise;                      // z, the iteration's shared noise, of the same shape
  Tensor condition, null_condition;  // c [B, 77, C], c∅ [1, 77, C]
};

/// What the student is compared with: a clean latent y0, without gradient.
///   needs_teacher   whether the teacher is asked; a target that does not (RealImages) has no latent(): it is the
///                   photographs
///   clean           the answer belongs to no noise level: omega is taken at alpha_bar = 1; else there is
///   target.timestep(question, draws) -> [B] int64   the noise level t' at which omega is taken; drawn whether or not
///                                                   y0 is asked for
///   target.latent(question, timestep) -> [B, 4, h, w]
///   target.check(scheduler)   optional: throws for numbers that cannot work with the teacher's scheduler, before a run
///                             begins
template <class T>
concept TeacherTarget = requires {
  { T::name } -> std::convertible_to<std::string_view>;
  { T::needs_teacher } -> std::convertible_to<bool>;
  { T::clean } -> std::convertible_to<bool>;
} && (!T::needs_teacher || requires(const T& target, const Question& question, const Tensor& timestep) {
                          { target.guidance } -> std::convertible_to<double>;
                          { target.latent(question, timestep) } -> std::same_as<Tensor>;
                        });

}  // namespace opad
