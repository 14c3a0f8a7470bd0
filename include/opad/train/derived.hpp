#pragma once
#include <opad/train/recipe.hpp>

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
/// What a slot gives: New if it gave Old, else what it gave.
template <class Old, class New, class Given>
constexpr auto in_place_of(const Given& given) {
  if constexpr (std::same_as<Given, Old>) return New{};
  else return given;
}
template <class Base, class Old>
constexpr bool has_slot =
    std::same_as<decltype(Base::target()), Old> || std::same_as<decltype(Base::coupling()), Old> ||
    std::same_as<decltype(Base::text()), Old> || std::same_as<decltype(Base::weighting()), Old> ||
    std::same_as<decltype(Base::real()), Old> || std::same_as<decltype(Base::tokens()), Old> ||
    std::same_as<decltype(Base::teacher_adapter()), Old> || std::same_as<decltype(Base::student_adapter()), Old> ||
    std::same_as<decltype(Base::learning_rate()), Old> || std::same_as<decltype(Base::average()), Old>;
}  // namespace detail

/// Base with New in the place of Old, each of New's values at its default: an alignment term, a critic (Old may be its
/// Backbone), or what any other slot gives.
///   Replace<Release, MsSwd, Lpips>     Replace<Default, Joint, Sequential>     Replace<Default, RandomStep, Grid<25,
///   4>>
template <class Base, class Old, class New>
struct Replace : Base {
  static constexpr bool of_losses = LossTerm<Old> && LossTerm<New>,
                        of_critics = detail::NamesCritics<Old> && AdversarialCritic<New>;
  static_assert(of_losses || of_critics || detail::has_slot<Base, Old>,
                "Replace<Base, Old, New>: no slot of Base gives Old, and Old and New are neither two loss "
                "terms nor two critics.");
  static std::string name() { return c10::str(Base::name(), "-with-", New::name, "-for-", Old::name); }
  static auto losses() {
    if constexpr (of_losses) return Base::losses().template replace<Old>(New{});
    else return Base::losses();
  }
  static auto critics() {
    if constexpr (of_critics) return Base::critics().template replace<Old>(New{});
    else return Base::critics();
  }
  static auto target() { return detail::in_place_of<Old, New>(Base::target()); }
  static auto coupling() { return detail::in_place_of<Old, New>(Base::coupling()); }
  static auto text() { return detail::in_place_of<Old, New>(Base::text()); }
  static auto weighting() { return detail::in_place_of<Old, New>(Base::weighting()); }
  static auto real() { return detail::in_place_of<Old, New>(Base::real()); }
  static auto tokens() { return detail::in_place_of<Old, New>(Base::tokens()); }
  static auto teacher_adapter() { return detail::in_place_of<Old, New>(Base::teacher_adapter()); }
  static auto student_adapter() { return detail::in_place_of<Old, New>(Base::student_adapter()); }
  static auto learning_rate() { return detail::in_place_of<Old, New>(Base::learning_rate()); }
  static auto average() { return detail::in_place_of<Old, New>(Base::average()); }
};

/// A text as a template argument:  Row<"sequential", ...>
template <std::size_t N>
struct FixedText {
  char characters[N];
  constexpr FixedText(const char (&text)[N]) { std::copy_n(text, N, characters); }
};

/// A recipe as a row of a sweep, under a name of its own.
///   published  what the paper says of its identity against the full method: drops, gains, or nothing
///   Row<"without-adversarial", Without<Default, Adversarial>, drops>
inline constexpr int drops = -1, gains = +1;
template <FixedText Name, class Recipe, int Published = 0>
struct Row : Recipe {
  static std::string name() { return Name.characters; }
  static constexpr int published = Published;
};

/// Rows of an ablation, as a list of types:  without_each<Paper, LatentMse, Identity, Adversarial>  only_each<Paper,
/// Dino, DinoV2>
template <class Base, class... What>
constexpr auto without_each = hana::tuple_t<Without<Base, What>...>;
template <class Base, class... What>
constexpr auto only_each = hana::tuple_t<Only<Base, What>...>;

}  // namespace opad
