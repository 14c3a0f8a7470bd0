#pragma once
#include <boost/hana.hpp>
#include <cmath>

#include <opad/core/number_error.hpp>
#include <opad/coupling/coupling.hpp>

namespace opad {

/// First the teacher alone, then, with the teacher at rest, student and critics.
/// teacher_share: the part of all iterations that the teacher gets, in (0, 1).
struct Sequential {
  static constexpr std::string_view name = "sequential";
  static constexpr bool has_teacher = true, trains_teacher = true;
  double teacher_share = 0.5;
  void check() const {
    require_number(0 < teacher_share && teacher_share < 1, "Sequential", "teacher_share", teacher_share,
                   "a share in (0, 1)");
  }
  Moves operator()(std::int64_t iteration, std::int64_t total) const {
    check();
    const auto switches = static_cast<std::int64_t>(std::ceil(teacher_share * static_cast<double>(total)));
    if (iteration < switches) return {.teacher = true, .student = false, .critics = false};
    return {.teacher = false, .student_age = iteration - switches};
  }
};
static_assert(Coupling<Sequential>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::Sequential, teacher_share);
