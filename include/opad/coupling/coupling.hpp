#pragma once
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

/// Whether a coupling has the second stage.
template <class C>
concept HasSecondStage = requires(const C& coupling, std::int64_t total) {
  { coupling.boundary(total) } -> std::same_as<std::int64_t>;
};

}  // namespace opad
