#pragma once
#include <opad/adapter/custom_diffusion.hpp>
#include <opad/adversarial/augmentation/blur.hpp>
#include <opad/adversarial/augmentation/noise.hpp>
#include <opad/adversarial/augmentation/translation.hpp>
#include <opad/adversarial/critic.hpp>
#include <opad/adversarial/head/linear.hpp>
#include <opad/adversarial/objective/cross_entropy.hpp>
#include <opad/average/last_weights.hpp>
#include <opad/coupling/joint.hpp>
#include <opad/encoder/dino.hpp>
#include <opad/encoder/identity_encoder.hpp>
#include <opad/learning_rate/constant.hpp>
#include <opad/loss/identity.hpp>
#include <opad/loss/latent_mse.hpp>
#include <opad/loss/loss_list.hpp>
#include <opad/loss/ms_swd.hpp>
#include <opad/optimiser/adamw.hpp>
#include <opad/real/photographs.hpp>
#include <opad/target/random_step.hpp>
#include <opad/tokens/new_rows.hpp>
#include <opad/weighting/alpha_bar.hpp>
#include <opad/words/shared_text_encoder.hpp>

namespace opad {

/// How the one-step model is asked for pictures: Euler steps on the trailing grid of its own scheduler, gradient
/// through all of them.
///   steps   1, or more for students that take 2 or 4
struct StudentSampler {
  static constexpr std::string_view name = "student-sampler";
  std::int64_t steps = 1;
};

/// The preset that works best here. A recipe derives from it and replaces single slots; what a slot returns are the
/// defaults of the command line's options.
struct Default {
  static std::string name() { return "default"; }
  static std::string preset() { return "default"; }  // what a run's record says that its recipe derives from
  static auto losses() { return loss_list(LatentMse{}, Identity{}, MsSwd{.levels = 3}); }
  static auto weighting() { return AlphaBar{}; }
  static auto critics() {
    return critic_list(Critic{Dino{}, Linear{}, CrossEntropy{}, 0.05,
                              augment(Translation{.share = 0.0625, .reflect = true}, Blur{}, Noise{.sigma = 0.15}),
                              NoRegulariser{}, 0, true},
                       Critic{IdentityEncoder{}, Linear{}, CrossEntropy{}, 0.05, augment(), NoRegulariser{}, 0, true});
  }
  static auto real() { return Photographs{.canvas = false}; }
  static auto target() { return RandomStep{}; }
  static auto coupling() { return Joint{}; }
  static auto text() { return SharedTextEncoder{}; }
  static auto tokens() { return NewRows{}; }
  static auto teacher_adapter() { return CustomDiffusion<KeyValue>{}; }
  static auto student_adapter() { return CustomDiffusion<KeyValue>{}; }
  static auto student() { return StudentSampler{}; }
  static auto token_optimiser() { return AdamW{.learning_rate = 1e-5}; }
  static auto teacher_optimiser() { return AdamW{.learning_rate = 1e-5}; }
  static auto student_optimiser() { return AdamW{.learning_rate = 2e-5}; }
  static auto critic_optimiser() { return AdamW{.learning_rate = 1e-4}; }
  static auto learning_rate() { return Constant{}; }
  static auto average() { return LastWeights{}; }
};

/// A recipe's slots as values that options may change.
template <class Recipe>
struct Policies {
  using Coupling = decltype(Recipe::coupling());
  using Target = decltype(Recipe::target());
  using Text = decltype(Recipe::text());
  static_assert(opad::Coupling<Coupling>,
                "Recipe: coupling() gives no Coupling, such as Joint{} (include/opad/coupling/).");
  static_assert(TeacherTarget<Target>,
                "Recipe: target() gives no TeacherTarget, such as RandomStep{} (include/opad/target/).");
  static_assert(TextConditioning<Text>, "Recipe: text() gives neither SharedTextEncoder{} nor SeparateTextEncoders{}.");
  static_assert(TimestepWeight<decltype(Recipe::weighting())>,
                "Recipe: weighting() gives no TimestepWeight, such as AlphaBar{}.");
  static_assert(
      Adapter<decltype(Recipe::teacher_adapter())> && Adapter<decltype(Recipe::student_adapter())>,
      "Recipe: teacher_adapter() or student_adapter() gives no Adapter, such as CustomDiffusion<KeyValue>{}.");
  static_assert(LearningRate<decltype(Recipe::learning_rate())>,
                "Recipe: learning_rate() gives no LearningRate, such as Constant{}.");
  static_assert(RealPictures<decltype(Recipe::real())>,
                "Recipe: real() gives neither Photographs{} nor TeacherAnswers{}.");

  decltype(Recipe::losses()) losses = Recipe::losses();
  decltype(Recipe::weighting()) weighting = Recipe::weighting();
  decltype(Recipe::critics()) critics = Recipe::critics();
  decltype(Recipe::real()) real = Recipe::real();
  Target target = Recipe::target();
  Coupling coupling = Recipe::coupling();
  Text text = Recipe::text();
  decltype(Recipe::tokens()) tokens = Recipe::tokens();
  decltype(Recipe::teacher_adapter()) teacher_adapter = Recipe::teacher_adapter();
  decltype(Recipe::student_adapter()) student_adapter = Recipe::student_adapter();
  decltype(Recipe::student()) student = Recipe::student();
  decltype(Recipe::token_optimiser()) token_optimiser = Recipe::token_optimiser();
  decltype(Recipe::teacher_optimiser()) teacher_optimiser = Recipe::teacher_optimiser();
  decltype(Recipe::student_optimiser()) student_optimiser = Recipe::student_optimiser();
  decltype(Recipe::critic_optimiser()) critic_optimiser = Recipe::critic_optimiser();
  decltype(Recipe::learning_rate()) learning_rate = Recipe::learning_rate();
  decltype(Recipe::average()) average = Recipe::average();

  /// Whether new token rows of the student's own learn from the student's losses.
  static constexpr bool student_learns_words = !Text::shared || !Coupling::has_teacher;
};

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::StudentSampler, steps);
