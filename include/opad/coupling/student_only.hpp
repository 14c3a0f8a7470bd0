#pragma once
#include <boost/hana.hpp>

#include <opad/coupling/coupling.hpp>

namespace opad {

/// No teacher is loaded: the one-step model learns from the photographs alone, by the denoising loss of ordinary
/// personalisation (Textual Inversion, Custom Diffusion, DreamBooth, by the student's adapter) and by whatever critics
/// the recipe has. The baselines that the method was made to beat.
struct StudentOnly {
  static constexpr std::string_view name = "student-only";
  static constexpr bool has_teacher = false, trains_teacher = false;
  double denoising_weight = 1.0;
  Moves operator()(std::int64_t iteration, std::int64_t) const { return {.teacher = false, .student_age = iteration}; }
};
static_assert(Coupling<StudentOnly>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::StudentOnly, denoising_weight);
