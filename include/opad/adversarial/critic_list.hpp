#pragma once
#include <algorithm>

#include <opad/adversarial/adversarial.hpp>

namespace opad {

namespace detail {
/// Whether `Which` says which critic C is: its own type, or the Backbone that it looks through.
template <class Which, class C>
constexpr bool names_critic() {
  if constexpr (requires { typename C::space::backbone; })
    return std::same_as<Which, C> || std::same_as<Which, typename C::space::backbone>;
  else return std::same_as<Which, C>;
}
}  // namespace detail

/// The critics of a recipe, named by their type or by their Backbone in derived lists.
template <class... List>
struct CriticList {
  hana::tuple<List...> critics;
  static constexpr bool empty = sizeof...(List) == 0;
  static constexpr bool needs_teacher = (List::needs_teacher || ...);

  template <class T>
  static constexpr bool contains = (detail::names_critic<T, List>() || ...);
  /// The list without what T names; without<Dino>() leaves every critic out that looks through Dino.
  template <class T>
  constexpr auto without() const {
    static_assert(contains<T>,
                  "CriticList::without<T>: the recipe has no such critic, so leaving it out would change nothing.");
    return from(hana::filter(critics, [](const auto& c) {
      return hana::bool_c<!detail::names_critic<T, std::remove_cvref_t<decltype(c)>>()>;
    }));
  }
  /// Only what T names.
  template <class T>
  constexpr auto only() const {
    static_assert(contains<T>, "CriticList::only<T>: the recipe has no such critic.");
    return from(hana::filter(critics, [](const auto& c) {
      return hana::bool_c<detail::names_critic<T, std::remove_cvref_t<decltype(c)>>()>;
    }));
  }
  /// The list with one more critic at its end.
  template <class C>
  constexpr auto with(const C& critic) const {
    static_assert(AdversarialCritic<C>,
                  "CriticList::with: the argument is not a critic, such as Critic{.eye = Dino{}, .head = Mlp{}, "
                  ".objective = Hinge{}}.");
    return from(hana::append(critics, critic));
  }
  /// The list with every critic that T names replaced, in its place.
  template <class T, class New>
  constexpr auto replace(const New& critic) const {
    static_assert(contains<T>, "CriticList::replace<T>: the recipe has no such critic.");
    return from(hana::transform(critics, [&](const auto& c) {
      if constexpr (detail::names_critic<T, std::remove_cvref_t<decltype(c)>>()) return critic;
      else return c;
    }));
  }

  /// visit(critic, name) for each, in order: the name is its eye's, with a number behind it from the second of one kind
  /// on.
  template <class Self, class Visit>
  static void for_each(Self& self, const Visit& visit) {
    std::vector<std::string_view> seen;
    hana::for_each(self.critics, [&](auto& critic) {
      const auto same = std::count(seen.begin(), seen.end(), critic.name);
      seen.push_back(critic.name);
      visit(critic, same ? c10::str(critic.name, "#", same + 1) : std::string(critic.name));
    });
  }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for_each(*this, [&](const auto&, const std::string& name) { out.push_back(name); });
    return out;
  }

 private:
  template <class... C>
  static constexpr auto from(const hana::tuple<C...>& tuple) {
    return CriticList<C...>{tuple};
  }
};

namespace detail {
template <class T>
constexpr bool is_critic_list = false;
template <class... List>
constexpr bool is_critic_list<CriticList<List...>> = true;
}  // namespace detail

/// What the slot `critics` holds.
template <class T>
concept Critics = detail::is_critic_list<T>;

/// The critics of a recipe.  No argument: no adversarial terms.
template <class... List>
constexpr auto critic_list(const List&... critics) {
  static_assert((AdversarialCritic<List> && ...),
                "critic_list: an argument is not a critic. Give Critic{.eye = Dino{}, .head = Mlp{}, .objective = "
                "Hinge{}}, or a type with name, space, needs_teacher and State.");
  if constexpr ((AdversarialCritic<List> && ...)) return CriticList<List...>{hana::make_tuple(critics...)};
}

}  // namespace opad
