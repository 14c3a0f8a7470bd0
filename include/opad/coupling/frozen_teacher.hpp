#pragma once
#include <opad/coupling/coupling.hpp>

namespace opad {

/// A personalised teacher is given (--teacher-adapters FOLDER) and stays as it is; student and critics learn.
struct FrozenTeacher {
  static constexpr std::string_view name = "frozen-teacher";
  static constexpr bool has_teacher = true, trains_teacher = false;
  Moves operator()(std::int64_t iteration, std::int64_t) const { return {.teacher = false, .student_age = iteration}; }
};
static_assert(Coupling<FrozenTeacher>);

}  // namespace opad
