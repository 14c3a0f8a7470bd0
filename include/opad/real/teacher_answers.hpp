#pragma once
#include <opad/real/real.hpp>
#include <opad/space/space.hpp>

namespace opad {

/// The teacher's decoded answers, whose half of a head's loss counts omega per sample: a variant of the released
/// trainer.
struct TeacherAnswers {
  static constexpr std::string_view name = "teacher-answers";
  static constexpr bool from_teacher = true;

  template <class Iteration>
  Tensor operator()(Iteration& it) const {
    return it.template target<Pixel>();
  }
  template <class Iteration>
  Tensor weight(Iteration& it) const {
    return it.omega();
  }
};
static_assert(RealPictures<TeacherAnswers>);

}  // namespace opad
