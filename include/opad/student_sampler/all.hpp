#pragma once
#include <opad/student_sampler/euler_steps.hpp>

namespace opad::all {

/// Every way in which a student makes its picture.
inline constexpr auto student_samplers = boost::hana::tuple_t<EulerSteps>;

}  // namespace opad::all
