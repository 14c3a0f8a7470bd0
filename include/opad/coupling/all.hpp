#pragma once
#include <opad/core/hana.hpp>
#include <opad/coupling/collaborative.hpp>
#include <opad/coupling/frozen_teacher.hpp>
#include <opad/coupling/joint.hpp>
#include <opad/coupling/sequential.hpp>
#include <opad/coupling/student_only.hpp>
#include <opad/coupling/teacher_only.hpp>

namespace opad::all {

/// Every way in which teacher and student learn together.
inline constexpr auto couplings =
    hana::tuple_t<Joint, Sequential, FrozenTeacher, TeacherOnly, StudentOnly, Collaborative<Joint>>;

}  // namespace opad::all
