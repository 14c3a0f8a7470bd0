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
#include <opad/learning_rate/constant.hpp>
#include <opad/loss/identity.hpp>
#include <opad/loss/latent_mse.hpp>
#include <opad/loss/ms_swd.hpp>
#include <opad/optimiser/adamw.hpp>
#include <opad/real/photographs.hpp>
#include <opad/recipe/slots.hpp>
#include <opad/student_sampler/euler_steps.hpp>
#include <opad/target/random_step.hpp>
#include <opad/tokens/new_rows.hpp>
#include <opad/weighting/alpha_bar.hpp>
#include <opad/words/shared_text_encoder.hpp>

namespace opad {

/// The critics of Default: two eyes, a small trained head behind each. DINO sees changed pictures, so that its head
/// does not learn the few photographs by heart.
constexpr auto dino_critic() {
  return Critic{.eye = Dino{},
                .head = Linear{},
                .objective = CrossEntropy{},
                .weight = 0.05,
                .normalise = true,
                .augmentation = augment(Translation{.share = 0.0625, .reflect = true}, Blur{}, Noise{.sigma = 0.15})};
}
/// The other critic: through the identity encoder, on pictures as they are.
constexpr auto identity_critic() {
  return Critic{
      .eye = IdentityEncoder{}, .head = Linear{}, .objective = CrossEntropy{}, .weight = 0.05, .normalise = true};
}

/// The preset that works best here: what the table of slots says (recipe/slots.hpp). A recipe derives from it and
/// replaces single slots; what a slot returns are the defaults of the command line's options.
struct Default {
  static std::string name() { return "default"; }
  static std::string preset() { return "default"; }  // what a run's record says that its recipe derives from
#define OPAD_DEFAULT(member, options, Concept, folder, preset, slips) \
  static auto member() { return preset; }
  OPAD_SLOTS(OPAD_DEFAULT)
#undef OPAD_DEFAULT
};

}  // namespace opad
