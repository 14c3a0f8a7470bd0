#pragma once
#include <array>

#include <opad/recipe/derived.hpp>

namespace opad {

/// What the scored student of a row is.
enum class Scored {
  Trained,          // what the run trained
  TeachersAdapters  // the student as it is, under the adapters that the teacher learned
};

/// What the paper may say of a row's identity against the full method; 0 for nothing.
inline constexpr int drops = -1;
inline constexpr int gains = +1;  // drops: it is lower; gains: it is higher

/// What a row of a sweep says beside its recipe, in one function of the recipe:
///   static RowFacts row() { return {.published = drops, .teacher_of = "full"}; }
///   published   what the paper says of its identity against the full method: drops, gains, or 0
///   teacher_of  the row whose trained teacher it starts with (same concept and seed); empty: the base teacher
///   scored      whose pictures are scored
struct RowFacts {
  int published = 0;
  std::string teacher_of = {};
  Scored scored = Scored::Trained;
};

namespace detail {
/// A recipe's facts as a row; what only looks like them is refused.
template <class Recipe>
RowFacts facts_of() {
  static_assert(
      !(
          requires { Recipe::published; } || requires { Recipe::teacher_of; } || requires { Recipe::copied; } ||
          requires { Recipe::rows(); } || requires { Recipe::facts(); }),
      "Recipe: what a row says beside its recipe is one function: static RowFacts row() { return {.published = "
      "drops}; } (include/opad/recipe/row.hpp).");
  if constexpr (requires {
                  { Recipe::row() } -> std::same_as<RowFacts>;
                }) {
    return Recipe::row();
  } else {
    static_assert(
        !requires { Recipe::row(); } && !requires { Recipe::row; },
        "Recipe: row() gives no RowFacts (include/opad/recipe/row.hpp).");
    return {};
  }
}

template <class A, class B>
constexpr bool same_defaults() {
  struct Settings {};
  constexpr bool a = requires(Settings& s) { A::defaults(s); }, b = requires(Settings& s) { B::defaults(s); };
  return a == b;  // a body that only one of two derived recipes changes cannot be told apart by a type
}
}  // namespace detail

/// A text as a template argument:  Row<"sequential", ...>
template <std::size_t N>
struct FixedText {
  char characters[N];
  constexpr FixedText(const char (&text)[N]) { std::copy_n(text, N, characters); }
};

/// A recipe as a row of a sweep, under a name of its own, with what the paper says of it.
///   Row<"without-adversarial", Without<Default, Adversarial>, drops>
template <FixedText Name, class Recipe, int Published = 0>
struct Row : Recipe {
  static std::string name() { return Name.characters; }
  static RowFacts row() {
    RowFacts facts = detail::facts_of<Recipe>();
    if (Published != 0) facts.published = Published;
    return facts;
  }
  using Renamed = Recipe;
};

/// Rows of an ablation, as a list of types:  without_each<Paper, LatentMse, Identity>   only_each<Paper, Dino, DinoV2>
template <class Base, class... What>
constexpr auto without_each = hana::tuple_t<Without<Base, What>...>;
/// Rows that each keep one of a list.
template <class Base, class... What>
constexpr auto only_each = hana::tuple_t<Only<Base, What>...>;

}  // namespace opad
