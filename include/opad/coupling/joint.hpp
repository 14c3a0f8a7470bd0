#pragma once
#include <opad/coupling/coupling.hpp>

namespace opad {

/// Teacher, student and critics move in every iteration. The method's default.
struct Joint {
  static constexpr std::string_view name = "joint";
  static constexpr bool has_teacher = true, trains_teacher = true;
  Moves operator()(std::int64_t iteration, std::int64_t) const { return {.student_age = iteration}; }
};
static_assert(Coupling<Joint>);

}  // namespace opad
