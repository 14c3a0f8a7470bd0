#pragma once
#include <opad/core/hana.hpp>
#include <opad/real/photographs.hpp>
#include <opad/real/teacher_answers.hpp>

namespace opad::all {

/// Everything that critics can take for real.
inline constexpr auto real_pictures = hana::tuple_t<Photographs, TeacherAnswers>;

}  // namespace opad::all
