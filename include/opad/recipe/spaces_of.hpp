#pragma once
#include <opad/space/backbones_of.hpp>
#include <opad/space/space.hpp>

namespace opad {

/// The policies that look at pictures through a space: loss terms, critics, the filter of a second stage.
template <class P>
auto viewers(const P& policies) {
  const auto all = hana::concat(policies.losses.terms, policies.critics.critics);
  if constexpr (requires { typename decltype(policies.coupling.filter)::space; })
    return hana::append(all, policies.coupling.filter);
  else return all;
}

namespace detail {
template <class B, class... Viewers>
constexpr bool looks_through(const hana::tuple<Viewers...>*) {
  return ((hana::type_c<B> ^ hana::in ^ backbone_of<typename Viewers::space>()) || ...);
}
}  // namespace detail

/// Whether a recipe with these policies can render a space: the ones without an encoder always, the others where one of
/// its policies looks through the same encoder.
template <class P, class S>
constexpr bool gives_space = [] {
  return hana::unpack(detail::backbone_of<S>(), [](auto... backbone) {
    using Viewers = decltype(viewers(std::declval<const P&>()));
    return (detail::looks_through<typename decltype(backbone)::type>(static_cast<const Viewers*>(nullptr)) && ...);
  });
}();

/// Whether the student has something to be compared with.
template <class P>
constexpr bool has_target = decltype(P::coupling)::has_teacher || !decltype(P::target)::needs_teacher;

}  // namespace opad
