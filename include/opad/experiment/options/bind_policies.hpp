#pragma once
#include <opad/core/number_error.hpp>
#include <opad/experiment/options/options.hpp>
#include <opad/recipe/slots.hpp>

namespace opad {

namespace detail {

/// A critic's options: CRITIC.weight, .warmup, .normalise, those of its head, objective and regulariser, and of each
/// change of its pictures under the change's name. A critic of another kind: its adapted members, as any policy's.
template <class C>
void bind_critic(Options& options, const std::string& name, C& critic) {
  if constexpr (requires {
                  critic.head;
                  critic.augmentation.changes;
                }) {
    options.check_later(name, critic);
    options.bind_value(name + ".weight", critic.weight, "weight of the adversarial term in the student's loss");
    options.bind_value(name + ".warmup", critic.warmup, "the student's iterations in which that weight rises from 0");
    options.bind_value(name + ".normalise", critic.normalise,
                       "whether each token of the features is scaled to one length");
    options.bind(name + ".head", critic.head);
    options.bind(name + ".objective", critic.objective);
    options.bind(name + ".regulariser", critic.regulariser);
    if constexpr (!decltype(critic.augmentation)::empty)
      options.bind_value(name + ".same-for-both", critic.augmentation.same_for_both,
                         "whether real and made pictures are changed by the same draws");
    hana::for_each(critic.augmentation.changes,
                   [&](auto& change) { options.bind(c10::str(name, ".", change.name), change); });
  } else {
    options.bind(name, critic);
  }
}

template <class P>
void bind_slot(Options& options, const std::string& prefix, P& policy) {
  if constexpr (LossTerms<P>)
    hana::for_each(policy.terms, [&](auto& term) { options.bind(c10::str(prefix, ".", term.name), term); });
  else if constexpr (Critics<P>)
    P::for_each(policy,
                [&](auto& critic, const std::string& name) { bind_critic(options, prefix + "." + name, critic); });
  else options.bind(prefix, policy);
}

/// The name of a slot's policy, or of each in a list.
template <class P>
Json names_in(const P& policy) {
  if constexpr (LossTerms<P>) {
    Json terms = Json::array();
    hana::for_each(policy.terms, [&](const auto& term) { terms.push_back(term.name); });
    return terms;
  } else if constexpr (Critics<P>) {
    return policy.names();
  } else {
    return policy.name;
  }
}

}  // namespace detail

/// Every hyper-parameter of every policy as an option, under its slot's prefix.
template <class Recipe>
void bind_policies(Options& options, Policies<Recipe>& policies) {
  options.describe_members(
      {{"weight", "weight of the term in the student's loss"},
       {"learning_rate", "initial learning rate"},
       {"warmup", "iterations at the beginning in which every learning rate rises"},
       {"cooldown_share", "share of the iterations, at the end, in which every learning rate falls"}});
  policies.for_each(
      [&](const SlotLine& line, auto& policy) { detail::bind_slot(options, std::string(line.options), policy); });
}

/// The names of the policies in each slot, for a run's record.
template <class Recipe>
Json policy_names(Policies<Recipe>& policies) {
  Json names = Json::object();
  policies.for_each([&](const SlotLine& line, auto& policy) {
    std::string key(line.member);
    std::replace(key.begin(), key.end(), '_', '-');
    names[key] = detail::names_in(policy);
  });
  return names;
}

}  // namespace opad
