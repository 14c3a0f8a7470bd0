#pragma once
#include <boost/hana.hpp>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <string_view>

#include <opad/core/error.hpp>

namespace opad {

/// Which of the trained parts move in an iteration, and in how many iterations before this one the student has moved.
struct Moves {
  bool teacher = true, student = true, critics = true;
  std::int64_t student_age = 0;
  bool operator==(const Moves&) const = default;
};

/// How teacher and student learn together: a pure function of (iteration, total), iterations counted from 0.
///   has_teacher      whether there is a teacher at all; without one nothing may ask for its answer
///   trains_teacher   whether it ever moves; what never moves gets no optimiser
template <class C>
concept Coupling = requires(const C& coupling, std::int64_t iteration) {
  { C::name } -> std::convertible_to<std::string_view>;
  { C::has_teacher } -> std::convertible_to<bool>;
  { C::trains_teacher } -> std::convertible_to<bool>;
  { coupling(iteration, iteration) } -> std::same_as<Moves>;
};

/// Teacher, student and critics move in every iteration. The method's default.
struct Joint {
  static constexpr std::string_view name = "joint";
  static constexpr bool has_teacher = true, trains_teacher = true;
  Moves operator()(std::int64_t iteration, std::int64_t) const { return {.student_age = iteration}; }
};

/// First the teacher alone, then, with the teacher at rest, student and critics.
/// teacher_share: the part of all iterations that the teacher gets, in (0, 1).
struct Sequential {
  static constexpr std::string_view name = "sequential";
  static constexpr bool has_teacher = true, trains_teacher = true;
  double teacher_share = 0.5;
  Moves operator()(std::int64_t iteration, std::int64_t total) const {
    require(0 < teacher_share && teacher_share < 1, "Sequential: teacher_share = ", teacher_share,
            "; give a share in (0, 1)");
    const auto switches = static_cast<std::int64_t>(std::ceil(teacher_share * static_cast<double>(total)));
    if (iteration < switches) return {.teacher = true, .student = false, .critics = false};
    return {.teacher = false, .student_age = iteration - switches};
  }
};

/// A personalised teacher is given (--teacher-adapters FOLDER) and stays as it is; student and critics learn.
struct FrozenTeacher {
  static constexpr std::string_view name = "frozen-teacher";
  static constexpr bool has_teacher = true, trains_teacher = false;
  Moves operator()(std::int64_t iteration, std::int64_t) const { return {.teacher = false, .student_age = iteration}; }
};

/// The teacher learns, nothing else: ordinary personalisation of a multi-step model. Its adapters can then be put on
/// the student as they are (a sweep's row with `copied`): the baseline that asks whether what the teacher learned
/// carries over by itself.
struct TeacherOnly {
  static constexpr std::string_view name = "teacher-only";
  static constexpr bool has_teacher = true, trains_teacher = true;
  Moves operator()(std::int64_t, std::int64_t) const { return {.student = false, .critics = false}; }
};

/// No teacher is loaded: the one-step model learns from the photographs alone, by the denoising loss of ordinary
/// personalisation (Textual Inversion, Custom Diffusion, DreamBooth, by the student's adapter) and by whatever critics
/// the recipe has. The baselines that the method was made to beat.
struct StudentOnly {
  static constexpr std::string_view name = "student-only";
  static constexpr bool has_teacher = false, trains_teacher = false;
  double denoising_weight = 1.0;
  Moves operator()(std::int64_t iteration, std::int64_t) const { return {.teacher = false, .student_age = iteration}; }
};
static_assert(Coupling<Joint> && Coupling<Sequential> && Coupling<FrozenTeacher> && Coupling<TeacherOnly> &&
              Coupling<StudentOnly>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::Sequential, teacher_share);
BOOST_HANA_ADAPT_STRUCT(opad::StudentOnly, denoising_weight);
