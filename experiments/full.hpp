#pragma once
#include <opad/opad.hpp>

namespace opad {

/// The whole method: teacher and student learn together, then from the student's pictures, too. What the rows of every
/// ablation change something of, and are compared with.
struct Full : Default {
  using BothStages = Collaborative<Joint, KeepBest<>>;
  static std::string name() { return "full"; }
  static auto coupling() { return BothStages{}; }
};

}  // namespace opad
