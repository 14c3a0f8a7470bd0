#pragma once
#include <opad/coupling/coupling.hpp>

namespace opad {

/// The teacher learns, nothing else: ordinary personalisation of a multi-step model. Its adapters can then be put on
/// the student as they are (a sweep's row with Scored::TeachersAdapters, recipe/row.hpp): the baseline that asks
/// whether what the teacher learned carries over by itself.
struct TeacherOnly {
  static constexpr std::string_view name = "teacher-only";
  static constexpr bool has_teacher = true, trains_teacher = true;
  Moves operator()(std::int64_t, std::int64_t) const { return {.student = false, .critics = false}; }
};
static_assert(Coupling<TeacherOnly>);

}  // namespace opad
