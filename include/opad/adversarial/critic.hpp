#pragma once
#include <algorithm>

#include <opad/adversarial/augmentation/augmentation.hpp>
#include <opad/adversarial/head/head.hpp>
#include <opad/adversarial/objective/objective.hpp>
#include <opad/adversarial/regulariser/no_regulariser.hpp>
#include <opad/space/denoiser.hpp>
#include <opad/space/features.hpp>
#include <opad/space/networks.hpp>
#include <opad/space/render.hpp>

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

/// What the trained state of critics is built from, once for each run.
struct Workshop {
  const Random& random;
  Networks& networks;
  const Denoiser* teacher;  // nullptr where the recipe has none
  torch::Device device;
};

/// A critic: a source of adversarial gradient for the student that trains beside it. An aggregate of hyper-parameters:
///   C::name, C::space         what it looks at; critics on one space share its pictures
///   C::needs_teacher          whether it asks the teacher (Vsd)
///   critic.weight, .warmup    its loss counts weight * min(1, (a + 1) / (warmup + 1)) at the student's iteration a
///   C::State(critic, name, workshop)   what trains, with
///     name(), parameters(), student_loss(iteration) -> [], own_loss(iteration) -> []
template <class C>
concept AdversarialCritic = std::copy_constructible<C> && Space<typename C::space> &&
                            std::constructible_from<typename C::State, const C&, std::string, const Workshop&> &&
                            requires(const C& critic, const typename C::State& state) {
                              { C::name } -> std::convertible_to<std::string_view>;
                              { C::needs_teacher } -> std::convertible_to<bool>;
                              { critic.weight } -> std::convertible_to<double>;
                              { critic.warmup } -> std::convertible_to<std::int64_t>;
                              { state.name() } -> std::convertible_to<std::string>;
                              { state.parameters() } -> std::convertible_to<NamedTensors>;
                            };

/// The usual discriminator: a frozen eye (a Backbone, a view of one such as Patches<Dino>, or any Space of features,
/// e.g. Features<Dino, Area, Unnormalised>), a trained head, an objective; then weight, what the pictures go through
/// first, what keeps the head from becoming steep, in how many of the student's iterations the weight rises from 0, and
/// whether the head is given each token at one length (normalised_tokens).
///   Critic{Dino{}, Mlp{.hidden = 512}, CrossEntropy{}}
///   Critic{Dino{}, Linear{}, Hinge{}, 0.05, augment(Translation{}, Noise{}), R1{.gamma = 0.1}, 100, true}
/// The student pays weight * objective.student(head(x̂)); then the head learns from the real pictures and the detached
/// x̂, whose features are those of the student's step.
template <class Eye, class HeadPolicy, class ObjectivePolicy, class Augmentation = Augment<>,
          class RegulariserPolicy = NoRegulariser>
struct Critic {
  static_assert(Head<HeadPolicy>, "Critic: the second argument is not a Head (include/opad/adversarial/head/).");
  static_assert(Objective<ObjectivePolicy>,
                "Critic: the third argument is not an Objective (include/opad/adversarial/objective/).");
  static_assert(Regulariser<RegulariserPolicy>,
                "Critic: the sixth argument is not a Regulariser (include/opad/adversarial/regulariser/).");
  using space = typename detail::SpaceOf<Eye>::type;
  static_assert(
      Augmentation::empty || requires { typename space::backbone; },
      "Critic: an augmentation changes pictures before an encoder sees them; "
      "give it an eye that is a Backbone or a space of its features.");
  static constexpr std::string_view name = space::name;
  static constexpr bool needs_teacher = false;

  [[no_unique_address]] Eye eye;
  HeadPolicy head;
  [[no_unique_address]] ObjectivePolicy objective;
  double weight = 1.0;
  Augmentation augmentation = {};
  RegulariserPolicy regulariser = {};
  std::int64_t warmup = 0;
  bool normalise = false;

  /// The trained state of one critic in one run.
  class State {
   public:
    State(const Critic& critic, std::string name, const Workshop& shop)
        : critic_(critic),
          name_(std::move(name)),
          networks_(&shop.networks) {
      torch::NoGradGuard no_grad;
      const std::int64_t side = 8 * shop.networks.downscale();  // a grey picture shows the features' shape
      const Tensor features = render_picture<space>(shop.networks, torch::zeros({1, 3, side, side}, shop.device));
      Stream stream = shop.random.stream("head/" + name_);
      head_ = critic.head.build(features.size(1), features.size(2), ObjectivePolicy::outputs, stream);
      head_->to(shop.device);
    }
    const std::string& name() const { return name_; }
    /// The head's parameters, by their names.
    NamedTensors parameters() const {
      NamedTensors out;
      for (auto& item : head_->named_parameters()) out.emplace_back(item.key(), item.value());
      return out;
    }

    /// The student's adversarial loss, unweighted.  []
    template <class Iteration>
    Tensor student_loss(Iteration& it) const {
      const Tensor logits = judge(fake_features(it));
      it.note("critic." + name_ + ".student", logits);
      return critic_.objective.student(logits).mean();
    }
    /// The head's own loss.  []
    template <class Iteration>
    Tensor own_loss(Iteration& it) const {
      const Tensor real = real_features(it), real_logits = judge(real), fake_logits = judge(fake_features(it).detach());
      it.note("critic." + name_ + ".real", real_logits), it.note("critic." + name_ + ".fake", fake_logits);
      Tensor real_losses = critic_.objective.real(real_logits);
      if (it.real_weight().defined()) real_losses = real_losses * it.real_weight();
      const Tensor loss = (real_losses.mean() + critic_.objective.fake(fake_logits).mean()) / 2;
      if constexpr (std::same_as<RegulariserPolicy, NoRegulariser>) return loss;
      else return loss + critic_.regulariser.penalty([this](const Tensor& features) { return judge(features); }, real);
    }

   private:
    Tensor judge(const Tensor& features) const {
      return head_->forward(critic_.normalise ? normalised_tokens(features) : features);
    }
    template <class Iteration>
    const Tensor& fake_features(Iteration& it) const {
      if constexpr (Augmentation::empty) return it.template student<space>();
      else
        return it.student_pictures().keep("critic/" + name_,
                                          [&] { return look(it, it.template student<Pixel>(), ""); });
    }
    template <class Iteration>
    Tensor real_features(Iteration& it) const {
      torch::NoGradGuard no_grad;
      if constexpr (Augmentation::empty) return it.template real<space>();
      else return look(it, it.template real<Pixel>(), critic_.augmentation.same_for_both ? "" : "real/");
    }
    template <class Iteration>
    Tensor look(Iteration& it, const Tensor& image, const std::string& whose) const {
      return render_picture<space>(*networks_, critic_.augmentation(image, [&](std::string_view change) {
        return it.draws().stream(c10::str("critic/", name_, "/", whose, change));
      }));
    }

    Critic critic_;
    std::string name_;
    Networks* networks_;
    std::shared_ptr<HeadNetwork> head_;
  };
};
template <class E, class H, class O>
Critic(E, H, O) -> Critic<E, H, O>;
template <class E, class H, class O>
Critic(E, H, O, double) -> Critic<E, H, O>;
template <class E, class H, class O, class A>
Critic(E, H, O, double, A) -> Critic<E, H, O, A>;
template <class E, class H, class O, class A, class R>
Critic(E, H, O, double, A, R) -> Critic<E, H, O, A, R>;
template <class E, class H, class O, class A, class R>
Critic(E, H, O, double, A, R, std::int64_t) -> Critic<E, H, O, A, R>;
template <class E, class H, class O, class A, class R>
Critic(E, H, O, double, A, R, int) -> Critic<E, H, O, A, R>;
template <class E, class H, class O, class A, class R>
Critic(E, H, O, double, A, R, int, bool) -> Critic<E, H, O, A, R>;

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
template <class... Critics>
struct CriticList {
  using States = hana::tuple<typename Critics::State...>;
  hana::tuple<Critics...> critics;
  static constexpr bool empty = sizeof...(Critics) == 0;
  static constexpr bool needs_teacher = (Critics::needs_teacher || ...);

  template <class T>
  static constexpr bool contains = (detail::names_critic<T, Critics>() || ...);
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
                  "CriticList::with: the argument is not a critic, such as Critic{Dino{}, Mlp{}, Hinge{}}.");
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

  /// One name for each critic: its eye's, with a number behind it from the second of one kind on.
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    [[maybe_unused]] const auto add = [&](std::string_view name) {  // by an empty list
      const auto same = std::count_if(
          out.begin(), out.end(), [&](const std::string& other) { return other.substr(0, other.find('#')) == name; });
      out.push_back(same ? c10::str(name, "#", same + 1) : std::string(name));
    };
    (add(Critics::name), ...);
    return out;
  }

  /// Fresh states, such as heads with initial weights.
  States build(const Workshop& shop) const {
    const auto labels = names();
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return States{typename Critics::State(hana::at_c<I>(critics), labels[I], shop)...};
    }(std::index_sequence_for<Critics...>());
  }

 private:
  template <class... C>
  static constexpr auto from(const hana::tuple<C...>& tuple) {
    return CriticList<C...>{tuple};
  }
};

/// The critics of a recipe.  No argument: no adversarial terms.
template <class... Critics>
constexpr auto critic_list(const Critics&... critics) {
  static_assert((AdversarialCritic<Critics> && ...),
                "critic_list: an argument is not a critic. Give Critic{eye, head, objective}, as in "
                "Critic{Dino{}, Mlp{}, Hinge{}}, or a type with name, space, weight and State.");
  if constexpr ((AdversarialCritic<Critics> && ...)) return CriticList<Critics...>{hana::make_tuple(critics...)};
}

}  // namespace opad
