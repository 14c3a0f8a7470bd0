#pragma once
#include <opad/loss/loss.hpp>

namespace opad {

namespace detail {
/// True as a hana predicate for values of type T, or of T in another space (In<S, T>).
template <class T>
constexpr auto is =
    [](const auto& value) { return hana::bool_c<std::is_base_of_v<T, std::remove_cvref_t<decltype(value)>>>; };
template <class T>
constexpr auto is_not = [](const auto& value) { return hana::not_(is<T>(value)); };
}  // namespace detail

/// The alignment terms of a recipe, in the order in which they are computed and logged.
template <class... Terms>
struct LossList {
  hana::tuple<Terms...> terms;

  template <class T>
  static constexpr bool contains = (std::is_base_of_v<T, Terms> || ...);
  static constexpr bool empty = sizeof...(Terms) == 0;

  /// The list without the term of type T; T must be in it.
  template <class T>
  constexpr auto without() const {
    static_assert(contains<T>,
                  "LossList::without<T>: the recipe has no such term, so leaving it out would change nothing.");
    return from(hana::filter(terms, detail::is_not<T>));
  }
  /// Only the term of type T.
  template <class T>
  constexpr auto only() const {
    static_assert(contains<T>, "LossList::only<T>: the recipe has no such term.");
    return from(hana::filter(terms, detail::is<T>));
  }
  /// The list with one more term at its end.
  template <class T>
  constexpr auto with(const T& term) const {
    static_assert(LossTerm<T>, "LossList::with: the argument is not a LossTerm.");
    static_assert(!contains<T>, "LossList::with: the recipe has this term already; use replace.");
    return from(hana::append(terms, term));
  }
  /// The list with the term of type Old replaced, in its place.
  template <class Old, class New>
  constexpr auto replace(const New& term) const {
    static_assert(contains<Old>, "LossList::replace<Old>: the recipe has no such term.");
    static_assert(LossTerm<New>, "LossList::replace: the argument is not a LossTerm.");
    return from(hana::transform(terms, [&](const auto& t) {
      if constexpr (std::is_base_of_v<Old, std::remove_cvref_t<decltype(t)>>) return term;
      else return t;
    }));
  }

 private:
  template <class... T>
  static constexpr auto from(const hana::tuple<T...>& tuple) {
    return LossList<T...>{tuple};
  }
};

namespace detail {
template <class T>
constexpr bool is_loss_list = false;
template <class... Terms>
constexpr bool is_loss_list<LossList<Terms...>> = true;
}  // namespace detail

/// What the slot `losses` holds.
template <class T>
concept LossTerms = detail::is_loss_list<T>;

/// The terms of a recipe:  loss_list(LatentMse{}, Identity{.weight = 0.5}).  No argument: no alignment.
template <class... Terms>
constexpr auto loss_list(const Terms&... terms) {
  static_assert((LossTerm<Terms> && ...),
                "loss_list: an argument is not a LossTerm. Give it name, weight, space and "
                "`Tensor operator()(const Tensor& student, const Tensor& target) const` returning [B].");
  if constexpr ((LossTerm<Terms> && ...)) return LossList<Terms...>{hana::make_tuple(terms...)};
}

}  // namespace opad
