#pragma once
#include <opad/adversarial/head/mlp.hpp>
#include <opad/encoder/dinov2.hpp>
#include <opad/loss/in.hpp>
#include <opad/loss/lpips.hpp>
#include <opad/tokens/released_table.hpp>
#include <opad/train/recipe.hpp>

namespace opad {

/// The released trainer to the letter, for comparison with it: what its code does, its likely accidents included
/// (docs/presets.md lists them). Its batch is 2, its student's learning rate 1e-5 times the pictures of an update
/// (--scale-lr).
struct Release : Default {
  /// What the script shows an encoder: pictures in [-1, 1], not normalised.
  template <class B, class Resize>
  using Seen = Features<B, Resize, Unnormalised>;

  static std::string name() { return "release"; }
  static std::string preset() { return "release"; }
  static auto losses() {
    return loss_list(LatentMse{}, In<Seen<IdentityEncoder, Bilinear>, Identity>{}, In<Pixel, MsSwd>{});
  }
  static auto weighting() { return AlphaBar{}; }
  static auto critics() {
    return critic_list(Critic{Seen<Dino, Area>{}, Mlp{}, CrossEntropy{}},
                       Critic{Seen<DinoV2, Area>{}, Mlp{}, CrossEntropy{}},
                       Critic{Seen<IdentityEncoder, Area>{}, Mlp{}, CrossEntropy{}});
  }
  static auto real() { return Photographs{.canvas = true, .through_vae = false}; }
  static auto target() { return RandomStep{.guidance = 7.5}; }
  static auto coupling() { return Joint{}; }
  static auto text() { return SharedTextEncoder{}; }
  static auto tokens() { return ReleasedTable{}; }
  static auto teacher_adapter() { return CustomDiffusion<KeyValue>{}; }
  static auto student_adapter() { return CustomDiffusion<KeyValue>{}; }
  static auto student() { return StudentSampler{.steps = 1}; }
  static auto token_optimiser() { return AdamW{.learning_rate = 1e-5}; }
  static auto teacher_optimiser() { return AdamW{.learning_rate = 1e-5}; }
  static auto student_optimiser() { return AdamW{.learning_rate = 1e-5}; }
  static auto critic_optimiser() { return AdamW{.learning_rate = 1e-4}; }
  static auto learning_rate() { return Constant{}; }
  static auto average() { return LastWeights{}; }
  static void defaults(auto& settings) { settings.scale_lr = true; }
};

/// The method as published: LPIPS in the place of MS-SWD, encoders that see what they were trained on, new token rows
/// that alone train. Rates, weights, critics and everything else as released.
struct Paper : Release {
  static std::string name() { return "paper"; }
  static std::string preset() { return "paper"; }
  static auto losses() { return loss_list(LatentMse{}, Identity{}, Lpips{}); }
  static auto critics() {
    return critic_list(Critic{Dino{}, Mlp{}, CrossEntropy{}}, Critic{DinoV2{}, Mlp{}, CrossEntropy{}},
                       Critic{IdentityEncoder{}, Mlp{}, CrossEntropy{}});
  }
  static auto tokens() { return NewRows{}; }
};

}  // namespace opad
