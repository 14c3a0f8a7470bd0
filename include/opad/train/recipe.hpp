#pragma once
#include <opad/adapter/custom_diffusion.hpp>
#include <opad/adversarial/critic.hpp>
#include <opad/coupling/coupling.hpp>
#include <opad/loss/latent_mse.hpp>
#include <opad/loss/loss_list.hpp>
#include <opad/loss/weighting.hpp>
#include <opad/space/dino.hpp>
#include <opad/target/random_step.hpp>
#include <opad/train/learning_rate.hpp>
#include <opad/train/optimiser.hpp>

namespace opad {

/// How the one-step model is asked for pictures: Euler steps on the trailing grid of its own scheduler, gradient through all of them.
struct StudentSampler {
  static constexpr std::string_view name = "student-sampler";
  std::int64_t steps = 1;
};

/// The preset that works best here. A recipe derives from it and replaces single slots; what a slot returns are the defaults of the
/// command line's options.
struct Default {
  static std::string name() { return "default"; }
  static auto losses() { return loss_list(LatentMse{}); }
  static auto weighting() { return AlphaBar{}; }
  static auto critics() { return critic_list(Critic{Dino{}, Mlp{}, CrossEntropy{}}); }
  static auto target() { return RandomStep{}; }
  static auto coupling() { return Joint{}; }
  static auto adapter() { return CustomDiffusion<KeyValue>{}; }
  static auto student() { return StudentSampler{}; }
  static auto teacher_optimiser() { return AdamW{.learning_rate = 1e-5}; }
  static auto student_optimiser() { return AdamW{.learning_rate = 2e-5}; }
  static auto critic_optimiser() { return AdamW{.learning_rate = 1e-4}; }
  static auto learning_rate() { return Constant{}; }
};

/// A recipe's slots as values that options may change.
template <class Recipe>
struct Policies {
  using Coupling = decltype(Recipe::coupling());
  decltype(Recipe::losses()) losses = Recipe::losses();
  decltype(Recipe::weighting()) weighting = Recipe::weighting();
  decltype(Recipe::critics()) critics = Recipe::critics();
  decltype(Recipe::target()) target = Recipe::target();
  decltype(Recipe::coupling()) coupling = Recipe::coupling();
  decltype(Recipe::adapter()) adapter = Recipe::adapter();
  decltype(Recipe::student()) student = Recipe::student();
  decltype(Recipe::teacher_optimiser()) teacher_optimiser = Recipe::teacher_optimiser();
  decltype(Recipe::student_optimiser()) student_optimiser = Recipe::student_optimiser();
  decltype(Recipe::critic_optimiser()) critic_optimiser = Recipe::critic_optimiser();
  decltype(Recipe::learning_rate()) learning_rate = Recipe::learning_rate();
};

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::StudentSampler, steps);
