#pragma once
#include <opad/real/real.hpp>

namespace opad {

/// The teacher's decoded answers, whose half of a head's loss counts omega per sample: a variant of the released
/// trainer.
struct TeacherAnswers {
  static constexpr std::string_view name = "teacher-answers";
  static constexpr bool from_teacher = true;
};
static_assert(RealPictures<TeacherAnswers>);

}  // namespace opad
