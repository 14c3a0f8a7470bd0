#pragma once
#include <opad/opad.hpp>

namespace opad {

/// The one-step model itself, without a teacher: the student learns by the denoising loss alone. The baselines of the
/// paper.
///   Trained  what of it learns: TokensOnly (Textual Inversion), CustomDiffusion<KeyValue>, FullWeights (DreamBooth),
///   Lora<4>
template <class Trained>
struct Direct : Default {
  static auto losses() { return loss_list(); }
  static auto critics() { return critic_list(); }
  static auto coupling() { return StudentOnly{}; }
  static auto student_adapter() { return Trained{}; }
};

}  // namespace opad
