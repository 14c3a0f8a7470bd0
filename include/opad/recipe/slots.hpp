#pragma once
#include <opad/adapter/adapter.hpp>
#include <opad/adversarial/critic_list.hpp>
#include <opad/average/average.hpp>
#include <opad/coupling/coupling.hpp>
#include <opad/learning_rate/learning_rate.hpp>
#include <opad/loss/loss_list.hpp>
#include <opad/optimiser/optimiser.hpp>
#include <opad/real/real.hpp>
#include <opad/schedule/schedule_choice.hpp>
#include <opad/student_sampler/student_sampler.hpp>
#include <opad/target/target.hpp>
#include <opad/tokens/tokens.hpp>
#include <opad/weighting/weighting.hpp>
#include <opad/words/words.hpp>

namespace opad {

/// The slots of a recipe: one line each. Everything that goes through all slots is made from this table: Default,
/// Policies, the options of the command line, a run's record, Replace, the checks of names and types, docs/policies.md.
/// A new slot is one line here, and its use in the trainer.
///   slot      the recipe's static function, also a run's record: what it gives is a policy
///   options   --OPTIONS.MEMBER sets a member of the policy
///   concept   what the policy must be; its files are in `folder`
///   default   what Default gives (recipe/presets/default.hpp includes the policies that stand here)
///   slips     names that a recipe must not have, since who writes them means this slot
#define OPAD_SLOTS(SLOT)                                                                                      \
  SLOT(losses, "loss", LossTerms, "loss", loss_list(LatentMse{}, Identity{}, MsSwd{.levels = 3}),             \
       OPAD_SLIP(loss) || OPAD_SLIP(loss_terms) || OPAD_SLIP(terms) || OPAD_SLIP(alignment))                  \
  SLOT(weighting, "weighting", TimestepWeight, "weighting", AlphaBar{},                                       \
       OPAD_SLIP(weightings) || OPAD_SLIP(weight) || OPAD_SLIP(weights) || OPAD_SLIP(timestep_weight))        \
  SLOT(critics, "critic", Critics, "adversarial", critic_list(dino_critic(), identity_critic()),              \
       OPAD_SLIP(critic) || OPAD_SLIP(discriminators) || OPAD_SLIP(discriminator) || OPAD_SLIP(adversarial))  \
  SLOT(real, "real", RealPictures, "real", Photographs{.canvas = false},                                      \
       OPAD_SLIP(reals) || OPAD_SLIP(real_pictures) || OPAD_SLIP(real_images) || OPAD_SLIP(photographs))      \
  SLOT(target, "target", TeacherTarget, "target", RandomStep{},                                               \
       OPAD_SLIP(targets) || OPAD_SLIP(teacher_target) || OPAD_SLIP(teacher))                                 \
  SLOT(coupling, "coupling", Coupling, "coupling", Joint{}, OPAD_SLIP(couplings) || OPAD_SLIP(couple))        \
  SLOT(words, "words", TextConditioning, "words", SharedTextEncoder{},                                        \
       OPAD_SLIP(word) || OPAD_SLIP(text) || OPAD_SLIP(texts) || OPAD_SLIP(text_encoder) ||                   \
           OPAD_SLIP(text_conditioning))                                                                      \
  SLOT(tokens, "tokens", TokenPolicy, "tokens", NewRows{},                                                    \
       OPAD_SLIP(token) || OPAD_SLIP(token_rows) || OPAD_SLIP(token_policy))                                  \
  SLOT(teacher_adapter, "teacher-adapter", Adapter, "adapter", CustomDiffusion<KeyValue>{},                   \
       OPAD_SLIP(teacher_adapters) || OPAD_SLIP(teacheradapter) || OPAD_SLIP(adapter_teacher))                \
  SLOT(student_adapter, "student-adapter", Adapter, "adapter", CustomDiffusion<KeyValue>{},                   \
       OPAD_SLIP(student_adapters) || OPAD_SLIP(studentadapter) || OPAD_SLIP(adapter) || OPAD_SLIP(adapters)) \
  SLOT(sampler, "sampler", StudentSampler, "student_sampler", EulerSteps{},                                   \
       OPAD_SLIP(samplers) || OPAD_SLIP(student) || OPAD_SLIP(student_sampler) || OPAD_SLIP(steps))           \
  SLOT(noise_schedule, "noise-schedule", ScheduleChoice, "schedule", CheckpointSchedule{},                    \
       OPAD_SLIP(noise_schedules) || OPAD_SLIP(schedule) || OPAD_SLIP(scheduler) || OPAD_SLIP(noiseschedule)) \
  SLOT(token_optimiser, "token-optimiser", Optimiser, "optimiser", AdamW{.learning_rate = 1e-5},              \
       OPAD_SLIP(token_optimisers) || OPAD_SLIP(token_optimizer) || OPAD_SLIP(tokens_optimiser))              \
  SLOT(teacher_optimiser, "teacher-optimiser", Optimiser, "optimiser", AdamW{.learning_rate = 1e-5},          \
       OPAD_SLIP(teacher_optimisers) || OPAD_SLIP(teacher_optimizer))                                         \
  SLOT(student_optimiser, "student-optimiser", Optimiser, "optimiser", AdamW{.learning_rate = 2e-5},          \
       OPAD_SLIP(student_optimisers) || OPAD_SLIP(student_optimizer) || OPAD_SLIP(optimiser) ||               \
           OPAD_SLIP(optimizer) || OPAD_SLIP(optimisers))                                                     \
  SLOT(critic_optimiser, "critic-optimiser", Optimiser, "optimiser", AdamW{.learning_rate = 1e-4},            \
       OPAD_SLIP(critic_optimisers) || OPAD_SLIP(critic_optimizer) || OPAD_SLIP(critics_optimiser))           \
  SLOT(learning_rate, "learning-rate", LearningRate, "learning_rate", Constant{},                             \
       OPAD_SLIP(learning_rates) || OPAD_SLIP(learningrate) || OPAD_SLIP(rate) || OPAD_SLIP(lr))              \
  SLOT(average, "average", Average, "average", LastWeights{},                                                 \
       OPAD_SLIP(averages) || OPAD_SLIP(averaging) || OPAD_SLIP(ema))

/// A slot by name, as a type:  Replace<Default, CustomDiffusion<KeyValue>, Lora<4>, slot::student_adapter>
namespace slot {
#define OPAD_TAG(member, options, Concept, folder, preset, slips) \
  struct member {};
OPAD_SLOTS(OPAD_TAG)
#undef OPAD_TAG
}  // namespace slot

/// A slot's line as values, for what is written about slots.
struct SlotLine {
  std::string_view member, options, concept_name, folder;
};

namespace detail {
template <class... Types>
struct TypeList {};
}  // namespace detail

/// A recipe's slots as values, which options may change. A recipe is refused here, in a sentence, where a slot gives
/// something else or has a name that no slot has.
template <class Recipe>
struct Policies {
#define OPAD_SLIP(name) requires { Recipe::name(); }
#define OPAD_FIELD(member, options, Concept, folder, preset, slips)                                                 \
  static_assert(!(slips), "Recipe: one of its functions has a name that no slot has; did you mean '" #member "'?"); \
  static_assert(                                                                                                    \
      requires {                                                                                                    \
        { Recipe::member() } -> Concept;                                                                            \
      }, "Recipe: " #member "() gives no " #Concept ", such as " #preset " (include/opad/" folder "/).");           \
  decltype(Recipe::member()) member = Recipe::member();
  OPAD_SLOTS(OPAD_FIELD)
#undef OPAD_FIELD
#undef OPAD_SLIP

  /// The policies' types.
#define OPAD_TYPE(member, options, Concept, folder, preset, slips) decltype(Recipe::member()),
  using Types = detail::TypeList<OPAD_SLOTS(OPAD_TYPE) void>;
#undef OPAD_TYPE

  /// visit(line, policy) for every slot, in the table's order.
  template <class Visit>
  void for_each(const Visit& visit) {
#define OPAD_VISIT(member, options, Concept, folder, preset, slips) \
  visit(SlotLine{#member, options, #Concept, folder}, this->member);
    OPAD_SLOTS(OPAD_VISIT)
#undef OPAD_VISIT
  }
};

namespace detail {
template <class Given, class Other>
constexpr bool same_function(Given given, Other other) {
  if constexpr (std::same_as<Given, Other>) return given == other;
  else return false;
}
}  // namespace detail

/// Whether two recipes have the very same function in every slot: one of them then changes nothing of the other.
template <class A, class B>
constexpr bool same_slots = true
#define OPAD_SAME(member, options, Concept, folder, preset, slips) &&detail::same_function(&A::member, &B::member)
    OPAD_SLOTS(OPAD_SAME)
#undef OPAD_SAME
    ;

}  // namespace opad
