#pragma once
#include <opad/target/target.hpp>

namespace opad {

/// The photographs of the batch themselves: the student is compared with the pictures whose prompts it got, and the
/// teacher is not asked. Their latents are those of the teacher's step (one sample of the VAE's posterior). Omega
/// counts them in full.
struct RealImages {
  static constexpr std::string_view name = "real-images";
  static constexpr bool needs_teacher = false, clean = true;
};
static_assert(TeacherTarget<RealImages>);

}  // namespace opad
