#pragma once
#include <algorithm>

#include <opad/adversarial/head.hpp>
#include <opad/adversarial/objective.hpp>
#include <opad/space/features.hpp>

namespace opad {

namespace detail {
template <class Eye>
struct SpaceOf {
  using type = Features<Eye>;
};
template <Space S>
struct SpaceOf<S> {
  using type = S;
};
}  // namespace detail

/// One discriminator: a frozen eye (a Backbone, or any Space, e.g. Features<Dino, Area, Unnormalised>), a trained head, an objective.
///   Critic{Dino{}, Mlp{.hidden = 512}, CrossEntropy{}, 0.5}
/// The student pays weight * objective.student(head(x̂)); then the head learns from the real pictures and the detached x̂, whose
/// features are those of the student's step.
template <class Eye, class HeadPolicy, class ObjectivePolicy>
struct Critic {
  static_assert(Head<HeadPolicy>, "Critic: the second argument is not a Head (include/opad/adversarial/head.hpp).");
  static_assert(Objective<ObjectivePolicy>, "Critic: the third argument is not an Objective (include/opad/adversarial/objective.hpp).");
  using space = typename detail::SpaceOf<Eye>::type;
  static constexpr std::string_view name = space::name;

  [[no_unique_address]] Eye eye;
  HeadPolicy head;
  [[no_unique_address]] ObjectivePolicy objective;
  double weight = 1.0;

  /// The trained state of one critic in one run.
  class State {
   public:
    /// name: of the critic in its run.  features [B, tokens, width]: an example, for the head's shape.
    State(const Critic& critic, std::string name, const Tensor& features, Stream stream)
        : critic_(critic), name_(std::move(name)), head_(critic.head.build(features.size(1), features.size(2), ObjectivePolicy::outputs, stream)) {
      head_->to(features.device());
    }
    const std::string& name() const { return name_; }
    double weight() const { return critic_.weight; }
    /// The head's parameters, by their names.
    NamedTensors parameters() const {
      NamedTensors out;
      for (auto& item : head_->named_parameters()) out.emplace_back(item.key(), item.value());
      return out;
    }

    /// The student's adversarial loss, unweighted.  []
    template <class Iteration>
    Tensor student_loss(Iteration& it) const {
      return critic_.objective.student(head_->forward(it.template student<space>()));
    }
    /// The head's own loss.  []
    template <class Iteration>
    Tensor own_loss(Iteration& it) const {
      return critic_.objective.critic(head_->forward(it.template real<space>()), head_->forward(it.template student<space>().detach()));
    }

   private:
    Critic critic_;
    std::string name_;
    std::shared_ptr<HeadNetwork> head_;
  };
};
template <class E, class H, class O>
Critic(E, H, O) -> Critic<E, H, O>;
template <class E, class H, class O>
Critic(E, H, O, double) -> Critic<E, H, O>;

/// The critics of a recipe.  No argument: no adversarial terms.
template <class... Critics>
struct CriticList {
  using States = hana::tuple<typename Critics::State...>;
  hana::tuple<Critics...> critics;
  static constexpr bool empty = sizeof...(Critics) == 0;

  /// One name for each critic: its eye's, with a number behind it from the second of one kind on.
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    const auto add = [&](std::string_view name) {
      const auto same = std::count_if(out.begin(), out.end(), [&](const std::string& other) { return other.substr(0, other.find('#')) == name; });
      out.push_back(same ? c10::str(name, "#", same + 1) : std::string(name));
    };
    (add(Critics::name), ...);
    return out;
  }

  /// Fresh heads. `features` gives an example of what a space looks like:  features(hana::type_c<S>) -> [B, tokens, width].
  template <class Example>
  States build(const Random& random, Example&& features) const {
    std::size_t index = 0;
    const auto labels = names();
    return hana::transform(critics, [&](const auto& critic) {
      using C = std::remove_cvref_t<decltype(critic)>;
      const std::string& name = labels[index++];
      return typename C::State(critic, name, features(hana::type_c<typename C::space>), random.stream("head/" + name));
    });
  }
};
template <class... Critics>
constexpr auto critic_list(const Critics&... critics) {
  return CriticList<Critics...>{hana::make_tuple(critics...)};
}

}  // namespace opad
