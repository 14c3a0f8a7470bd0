#pragma once
#include <opad/recipe/slots.hpp>

namespace opad {

/// What derived recipes can leave out as a whole.
struct Adversarial {  // all critics
  static constexpr std::string_view name = "adversarial";
};
struct Alignment {  // all alignment terms
  static constexpr std::string_view name = "alignment";
};

namespace detail {
/// Whether T can stand for critics: a Backbone that they look through, or their type.
template <class T>
concept NamesCritics = AdversarialCritic<T> || Backbone<T>;
template <class T>
concept PartOfRecipe = LossTerm<T> || NamesCritics<T> || std::same_as<T, Adversarial> || std::same_as<T, Alignment>;
}  // namespace detail

/// Base without one alignment term, without the critics on one Backbone, without all critics (Adversarial), or without
/// all alignment terms (Alignment). The work of what is left out is not compiled at all.
///   Without<Paper, Identity>     Without<Paper, DinoV2>     Without<Paper, Adversarial>
template <class Base, class What>
struct Without : Base {
  static_assert(detail::PartOfRecipe<What>,
                "Without<Base, What>: What is neither a loss term (Identity), nor a critic or its Backbone (Dino), nor "
                "Adversarial or Alignment.");
  static std::string name() { return c10::str(Base::name(), "-without-", What::name); }
  static auto losses() {
    if constexpr (std::same_as<What, Alignment>) return loss_list();
    else if constexpr (LossTerm<What>) return Base::losses().template without<What>();
    else return Base::losses();
  }
  static auto critics() {
    if constexpr (std::same_as<What, Adversarial>) return critic_list();
    else if constexpr (detail::NamesCritics<What>) return Base::critics().template without<What>();
    else return Base::critics();
  }
};

/// Base with one alignment term alone, or with the critics on one Backbone alone; the other kind stays as it is.
///   Only<Paper, LatentMse>     Only<Paper, Dino>
template <class Base, class What>
struct Only : Base {
  static_assert(LossTerm<What> || detail::NamesCritics<What>,
                "Only<Base, What>: What is neither a loss term (LatentMse) nor a critic or its Backbone (Dino).");
  static std::string name() { return c10::str(Base::name(), "-only-", What::name); }
  static auto losses() {
    if constexpr (LossTerm<What>) return Base::losses().template only<What>();
    else return Base::losses();
  }
  static auto critics() {
    if constexpr (detail::NamesCritics<What>) return Base::critics().template only<What>();
    else return Base::critics();
  }
};

/// Base with one more alignment term or critic, with its default values.
///   With<Default, Lpips>     With<Default, Critic<DinoV2, Mlp, Hinge>>
template <class Base, class What>
struct With : Base {
  static_assert(LossTerm<What> || AdversarialCritic<What>,
                "With<Base, What>: What is neither a loss term (Lpips) nor a critic (Critic<DinoV2, Mlp, Hinge>).");
  static std::string name() { return c10::str(Base::name(), "-with-", What::name); }
  static auto losses() {
    if constexpr (LossTerm<What>) return Base::losses().with(What{});
    else return Base::losses();
  }
  static auto critics() {
    if constexpr (AdversarialCritic<What>) return Base::critics().with(What{});
    else return Base::critics();
  }
};

namespace detail {
/// What a slot gives with New in the place of Old: for lists of terms and critics within the list.
template <class Old, class New, class Given>
constexpr auto put(const Given& given) {
  if constexpr (LossTerms<Given> && LossTerm<Old> && LossTerm<New>) return given.template replace<Old>(New{});
  else if constexpr (Critics<Given> && NamesCritics<Old> && AdversarialCritic<New>)
    return given.template replace<Old>(New{});
  else if constexpr (std::same_as<Given, Old>) return New{};
  else return given;
}
/// Whether Old stands in what a slot gives.
template <class Given, class Old>
constexpr bool gives() {
  if constexpr (LossTerms<Given> && LossTerm<Old>) return Given::template contains<Old>;
  else if constexpr (Critics<Given> && NamesCritics<Old>) return Given::template contains<Old>;
  else return std::same_as<Given, Old>;
}
/// In how many slots of Base.
template <class Base, class Old>
constexpr int slots_with = 0
#define OPAD_COUNT(member, options, Concept, folder, preset, slips) +(gives<decltype(Base::member()), Old>() ? 1 : 0)
    OPAD_SLOTS(OPAD_COUNT)
#undef OPAD_COUNT
    ;
/// The one slot that is not named.
struct TheOnlyOne {};
}  // namespace detail

/// Base with New in the place of Old, each of New's values at its default: an alignment term, a critic (Old may be its
/// Backbone), or what any other slot gives. Where two slots give Old, the fourth argument says which.
///   Replace<Release, MsSwd, Lpips>    Replace<Default, Joint, Sequential>    Replace<Default, RandomStep, Grid<25, 4>>
///   Replace<Default, CustomDiffusion<KeyValue>, Lora<4>, slot::student_adapter>
template <class Base, class Old, class New, class Where = detail::TheOnlyOne>
struct Replace : Base {
  static constexpr bool any = std::same_as<Where, detail::TheOnlyOne>;
  static_assert(detail::slots_with<Base, Old> > 0,
                "Replace<Base, Old, New>: no slot of Base gives Old, so nothing would change.");
  static_assert(
      !any || detail::slots_with<Base, Old> < 2,
      "Replace<Base, Old, New>: two or more slots of Base give Old; say which one is meant, as in Replace<Base, "
      "Old, New, slot::student_adapter>.");
  static std::string name() { return c10::str(Base::name(), "-with-", New::name, "-for-", Old::name); }
#define OPAD_REPLACE(member, options, Concept, folder, preset, slips)                                     \
  static auto member() {                                                                                  \
    static_assert(!std::same_as<Where, slot::member> || detail::gives<decltype(Base::member()), Old>(),   \
                  "Replace<Base, Old, New, Slot>: the slot '" #member "' of Base does not give Old.");    \
    if constexpr (any || std::same_as<Where, slot::member>) return detail::put<Old, New>(Base::member()); \
    else return Base::member();                                                                           \
  }
  OPAD_SLOTS(OPAD_REPLACE)
#undef OPAD_REPLACE
};

}  // namespace opad
