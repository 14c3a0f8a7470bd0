#pragma once
#include <opad/space/space.hpp>

namespace opad {

namespace detail {
/// The Backbone that a space looks through, itself or where it is rendered from: none or one.
template <class S>
constexpr auto backbone_of() {
  if constexpr (requires { typename S::backbone; }) return hana::tuple_t<typename S::backbone>;
  else if constexpr (requires { typename S::from; }) return backbone_of<typename S::from>();
  else return hana::tuple_t<>;
}
}  // namespace detail

/// Calls visit(hana::type_c<B>) once for each Backbone that policies (losses, critics) look through.
///   policies  hana::tuple of things with a member type `space`
template <class Policies, class Visit>
void for_each_backbone(const Policies& policies, const Visit& visit) {
  const auto all = hana::fold_left(policies, hana::tuple_t<>, [](auto found, const auto& policy) {
    return hana::concat(found, detail::backbone_of<typename std::remove_cvref_t<decltype(policy)>::space>());
  });
  hana::for_each(hana::to_tuple(hana::to_set(all)), visit);
}

}  // namespace opad
