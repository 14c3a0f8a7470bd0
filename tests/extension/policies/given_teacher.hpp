#pragma once
#include <opad/coupling/frozen_teacher.hpp>
#include <opad/recipe/row.hpp>

namespace lab {

/// Base, but its student learns from a finished teacher, that of the row Base. The paper says nothing of it; a row that
/// it speaks of says .published = opad::drops or opad::gains, too.
template <class Base>
struct GivenTeacher : Base {
  static std::string name() { return Base::name() + "-given-teacher"; }
  static auto coupling() { return opad::FrozenTeacher{}; }
  static opad::RowFacts row() { return {.teacher_of = Base::name()}; }
};

}  // namespace lab
