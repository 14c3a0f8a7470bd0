#pragma once
#include <opad/adversarial/adversarial.hpp>
#include <opad/adversarial/augmentation/augmentation.hpp>
#include <opad/adversarial/critic_list.hpp>
#include <opad/adversarial/head/head.hpp>
#include <opad/adversarial/objective/objective.hpp>
#include <opad/adversarial/regulariser/no_regulariser.hpp>
#include <opad/core/number_error.hpp>
#include <opad/encoder/backbone.hpp>
#include <opad/space/features.hpp>
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

/// Features as heads take them: an encoder's [B, tokens, width] as they are, maps [B, C, h, w] as a token for each
/// place.
inline Tensor as_tokens(const Tensor& features) {
  return features.dim() == 4 ? features.flatten(2).transpose(1, 2).contiguous() : features;
}
}  // namespace detail

/// The usual discriminator: a frozen eye, a trained head, an objective.
///   Critic{.eye = Dino{}, .head = Mlp{.hidden = 512}, .objective = CrossEntropy{}}
///   Critic{.eye = Dino{}, .head = Linear{}, .objective = Hinge{}, .weight = 0.05, .normalise = true,
///          .augmentation = augment(Translation{}, Noise{}), .regulariser = R1{.gamma = 0.1}}
///   eye           a Backbone (Dino), a view of one (Patches<Dino>), or any Space: Features<Dino, Area, Unnormalised>,
///   or
///                 Latent for a critic that judges latents
///   weight        of the adversarial term in the student's loss; rises over the student's first `warmup` iterations
///   normalise     whether each token of the features is scaled to length sqrt(width), so that their size, which tells
///                 real from made at once where the student's pictures lack contrast, says nothing
///   augmentation  what pictures go through before an encoder sees them, the same kinds of change for real and made
///   regulariser   what keeps the head from becoming steep
/// The student pays weight * objective.student(head(x̂)); then the head learns from the real pictures and the detached
/// x̂, whose features are those of the student's step.
template <class Eye, class HeadPolicy, class ObjectivePolicy, class Augmentation = Augment<>,
          class RegulariserPolicy = NoRegulariser>
struct Critic {
  static_assert(Head<HeadPolicy>, "Critic: .head is not a Head (include/opad/adversarial/head/).");
  static_assert(Objective<ObjectivePolicy>,
                "Critic: .objective is not an Objective (include/opad/adversarial/objective/).");
  static_assert(Regulariser<RegulariserPolicy>,
                "Critic: .regulariser is not a Regulariser (include/opad/adversarial/regulariser/).");
  using space = typename detail::SpaceOf<Eye>::type;
  static_assert(
      Augmentation::empty || requires { typename space::backbone; },
      "Critic: an augmentation changes pictures before an encoder sees them; "
      "give it an eye that is a Backbone or a space of its features.");
  static constexpr std::string_view name = space::name;
  static constexpr bool needs_teacher = false;

  [[no_unique_address]] Eye eye = {};
  HeadPolicy head = {};
  [[no_unique_address]] ObjectivePolicy objective = {};
  double weight = 1.0;
  std::int64_t warmup = 0;
  bool normalise = false;
  Augmentation augmentation = {};
  RegulariserPolicy regulariser = {};

  void check() const { RisingWeight::check(*this); }

  /// The trained state of one critic in one run.
  class State {
   public:
    State(const Critic& critic, std::string name, const Workshop& shop)
        : critic_(critic),
          name_(std::move(name)),
          networks_(&shop.networks),
          weight_(RisingWeight::of(critic)) {
      torch::NoGradGuard no_grad;
      const Tensor features = detail::as_tokens(example(shop));
      Stream stream = shop.random.stream("head/" + name_);
      head_ = critic.head.build(features.size(1), features.size(2), ObjectivePolicy::outputs, stream);
      head_->to(shop.device);
      if constexpr (!std::same_as<RegulariserPolicy, NoRegulariser>) {  // refuses its numbers now
        const torch::AutoGradMode learns(true);
        critic.regulariser.penalty([this](const Tensor& some) { return judge(some); }, features);
      }
    }
    /// The head's parameters, by their names.
    NamedTensors parameters() const {
      NamedTensors out;
      for (auto& item : head_->named_parameters()) out.emplace_back(item.key(), item.value());
      return out;
    }
    double weight(std::int64_t age) const { return weight_.at(age); }

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
      const Tensor real = real_features(it), fake = fake_features(it).detach();
      const Tensor real_logits = judge(real), fake_logits = judge(fake);
      it.note("critic." + name_ + ".real", real_logits), it.note("critic." + name_ + ".fake", fake_logits);
      Tensor real_losses = critic_.objective.real(real_logits);
      if (it.real_weight().defined()) real_losses = real_losses * it.real_weight();
      const Tensor loss = (real_losses.mean() + critic_.objective.fake(fake_logits).mean()) / 2;
      const auto judged = [this](const Tensor& features) { return judge(features); };
      if constexpr (std::same_as<RegulariserPolicy, NoRegulariser>) {
        return loss;
      } else if constexpr (RegulariserOfBoth<RegulariserPolicy>) {
        Stream random = it.draws().stream("critic/" + name_ + "/regulariser");
        return loss + critic_.regulariser.penalty(judged, real, fake, random);
      } else {
        return loss + critic_.regulariser.penalty(judged, real);
      }
    }

   private:
    /// Shows the features' shape, and lets the augmentation refuse its numbers.
    Tensor example(const Workshop& shop) const {
      const std::int64_t f = shop.networks.downscale(), side = shop.resolution;
      if constexpr (std::same_as<space, Latent>)
        return torch::zeros({1, shop.networks.vae_config().latent_channels, side / f, side / f}, shop.device);
      else
        return render_picture<space>(
            shop.networks, critic_.augmentation(torch::zeros({1, 3, side, side}, shop.device), [&](std::string_view) {
              return shop.random.stream("critic/example");
            }));
    }
    Tensor judge(const Tensor& features) const {
      return head_->forward(critic_.normalise ? normalised_tokens(features) : features);
    }
    template <class Iteration>
    Tensor fake_features(Iteration& it) const {
      if constexpr (Augmentation::empty) return detail::as_tokens(it.template student<space>());
      else
        return it.student_pictures().keep("critic/" + name_,
                                          [&] { return look(it, it.template student<Pixel>(), ""); });
    }
    template <class Iteration>
    Tensor real_features(Iteration& it) const {
      torch::NoGradGuard no_grad;
      if constexpr (Augmentation::empty) return detail::as_tokens(it.template real<space>());
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
    RisingWeight weight_;
    std::shared_ptr<HeadNetwork> head_;
  };
};

}  // namespace opad
