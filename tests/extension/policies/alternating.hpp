#pragma once
#include <algorithm>
#include <boost/hana.hpp>

#include <opad/coupling/coupling.hpp>

namespace lab {

/// The teacher for `period` iterations, then the student and its critics for as many, and so on: each learns from
/// another that stands still meanwhile.
struct Alternating {
  static constexpr std::string_view name = "alternating";
  static constexpr bool has_teacher = true, trains_teacher = true;
  std::int64_t period = 1;
  opad::Moves operator()(std::int64_t iteration, std::int64_t) const {
    opad::require(period >= 1, "Alternating: period = ", period, "; give 1 or more iterations");
    const std::int64_t round = iteration / (2 * period), place = iteration % (2 * period);
    const bool teacher = place < period;
    return {.teacher = teacher,
            .student = !teacher,
            .critics = !teacher,
            .student_age = round * period + std::max<std::int64_t>(place - period, 0)};
  }
};
static_assert(opad::Coupling<Alternating>);

}  // namespace lab

BOOST_HANA_ADAPT_STRUCT(lab::Alternating, period);
