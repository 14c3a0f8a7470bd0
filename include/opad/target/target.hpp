#pragma once
#include <concepts>
#include <string_view>

#include <opad/target/denoiser.hpp>

namespace opad {

/// What a target policy may ask for: the teacher as it is now, and the pictures to answer for.
struct Question {
  const Denoiser& teacher;
  Tensor start;      // x̂0, detached  [B, 4, h, w]
  Tensor noise;      // z, the iteration's shared noise, of the same shape
  Tensor condition, null_condition;  // c [B, 77, C], c∅ [1, 77, C]
};

/// What the teacher shows the student: a clean latent y0, without gradient.
///   target.timestep(question, draws) -> [B] int64   the noise level t' at which omega is taken; drawn whether or not y0 is asked for
///   target.latent(question, timestep) -> [B, 4, h, w]
template <class T>
concept TeacherTarget = requires(const T& target) {
  { T::name } -> std::convertible_to<std::string_view>;
  { target.guidance } -> std::convertible_to<double>;
};

}  // namespace opad
