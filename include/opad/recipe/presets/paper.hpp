#pragma once
#include <opad/loss/lpips.hpp>
#include <opad/recipe/presets/release.hpp>
#include <opad/tokens/new_rows.hpp>

namespace opad {

/// The method as published: LPIPS in the place of MS-SWD, encoders that see what they were trained on, new token rows
/// that alone train. Rates, weights, critics and everything else as released.
struct Paper : Release {
  static std::string name() { return "paper"; }
  static std::string preset() { return "paper"; }
  static auto losses() { return loss_list(LatentMse{}, Identity{}, Lpips{}); }
  static auto critics() {
    return critic_list(Critic{.eye = Dino{}, .head = Mlp{}, .objective = CrossEntropy{}},
                       Critic{.eye = DinoV2{}, .head = Mlp{}, .objective = CrossEntropy{}},
                       Critic{.eye = IdentityEncoder{}, .head = Mlp{}, .objective = CrossEntropy{}});
  }
  static auto tokens() { return NewRows{}; }
};

}  // namespace opad
