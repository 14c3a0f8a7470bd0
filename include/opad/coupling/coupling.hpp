#pragma once
#include <boost/hana.hpp>
#include <concepts>
#include <cstdint>
#include <string_view>

#include <opad/core/error.hpp>

namespace opad {

/// Which of the trained parts move in an iteration.
struct Moves {
  bool teacher = true, student = true, critics = true;
  bool operator==(const Moves&) const = default;
};

/// How teacher and student learn together: a pure function of (iteration, total), iterations counted from 0.
///   trains_teacher, trains_student   whether that ever happens; what never moves gets no optimiser
template <class C>
concept Coupling = requires(const C& coupling, std::int64_t iteration) {
  { C::name } -> std::convertible_to<std::string_view>;
  { C::trains_teacher } -> std::convertible_to<bool>;
  { C::trains_student } -> std::convertible_to<bool>;
  { coupling(iteration, iteration) } -> std::same_as<Moves>;
};

/// Teacher, student and critics move in every iteration. The method's default.
struct Joint {
  static constexpr std::string_view name = "joint";
  static constexpr bool trains_teacher = true, trains_student = true;
  Moves operator()(std::int64_t, std::int64_t) const { return {}; }
};

/// First the teacher alone, then, with the teacher at rest, student and critics.
/// teacher_share: the part of all iterations that the teacher gets, in (0, 1).
struct Sequential {
  static constexpr std::string_view name = "sequential";
  static constexpr bool trains_teacher = true, trains_student = true;
  double teacher_share = 0.5;
  Moves operator()(std::int64_t iteration, std::int64_t total) const {
    require(0 < teacher_share && teacher_share < 1, "Sequential: teacher_share = ", teacher_share, "; give a share in (0, 1)");
    const bool first = static_cast<double>(iteration) < teacher_share * static_cast<double>(total);
    return {.teacher = first, .student = !first, .critics = !first};
  }
};

/// A personalised teacher is given and stays as it is; student and critics learn.
struct FrozenTeacher {
  static constexpr std::string_view name = "frozen-teacher";
  static constexpr bool trains_teacher = false, trains_student = true;
  Moves operator()(std::int64_t, std::int64_t) const { return {.teacher = false}; }
};
static_assert(Coupling<Joint> && Coupling<Sequential> && Coupling<FrozenTeacher>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::Sequential, teacher_share);
