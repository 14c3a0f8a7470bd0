#pragma once
#include <opad/adapter/full_weights.hpp>
#include <opad/adversarial/adversarial.hpp>

namespace opad {

/// Variational score distillation: a second teacher, the "fake score", learns the noise in the student's pictures;
/// where the two teachers disagree, the student moves towards what the first finds likely.
///   student   t ~ U{0.02 T .. 0.98 T}, x_t = add_noise(x̂0, fresh noise, t), gradient g = (1 - alpha_bar_t)
///             (noise_teacher - noise_fake), both guided;   loss 1/2 mean((x̂0 - stop(x̂0 - g))^2), whose gradient in
///             x̂0 is g over the number of elements
///   own       t ~ U{0 .. T-1}, fresh noise: mean(alpha_bar_t mean((prediction - wanted)^2)), under c, or under c∅ for
///             the whole batch with probability null_probability
/// Both teachers may predict noise or velocity (the released script, in which this variant does not run, takes either
/// for noise).
/// Wang et al., "ProlificDreamer", NeurIPS 2023, arXiv 2305.16213; Yin et al., "One-step Diffusion with Distribution
/// Matching Distillation", CVPR 2024, arXiv 2311.18828.
///   Trained   what of the second teacher trains (an Adapter): all its weights, or Lora<...> and the like to save
///             memory; what does not train is shared with the teacher. It starts as the base model.
/// Defaults: the released script's. Its learning rate is the critics'.
template <class Trained = FullWeights>
struct Vsd {
  static_assert(Adapter<Trained>,
                "Vsd<Trained>: what trains of the second teacher is an Adapter, such as FullWeights or Lora<4>.");
  using space = Latent;
  static constexpr std::string_view name = "vsd";
  static constexpr bool needs_teacher = true;
  static constexpr std::pair<std::string_view, std::string_view> help[] = {
      {"warmup", "the student's iterations in which that weight rises from 0"}};

  double weight = 1.0, guidance = 7.5, null_probability = 0.1;
  std::int64_t warmup = 0;
  Trained adapter = {};

  void check() const {
    RisingWeight::check(*this);
    require_number(0 <= null_probability && null_probability <= 1, "Vsd", "null_probability", null_probability,
                   "0 to 1");
  }

  /// The second teacher with its optimiser, for one training.
  class State {
   public:
    State(const Vsd& vsd, std::string name, const Workshop& shop)
        : vsd_(vsd),
          name_(std::move(name)),
          weight_(RisingWeight::of(vsd)),
          teacher_(shop.teacher),
          fake_(*shop.teacher) {
      fake_.name = "fake-score-unet";
      fake_.unet = std::make_shared<UNet2DConditionModel>(shop.teacher->unet->config);
      const auto shared = shop.teacher->unet->named_parameters();
      for (auto& item : fake_.unet->named_parameters()) item.value().set_data(shared[item.key()].detach());
      parameters_ = vsd.adapter.install(*fake_.unet);
      for (auto& [key, parameter] : parameters_)
        parameter.set_data(parameter.detach().to(torch::kFloat32, /*non_blocking=*/false, /*copy=*/true));
    }
    const NamedTensors& parameters() const { return parameters_; }
    double weight(std::int64_t age) const { return weight_.at(age); }

    template <class Iteration>
    Tensor student_loss(Iteration& it) const {
      const Tensor& x0 = it.template student<Latent>();
      const Diffusion& diffusion = teacher_->diffusion;
      Tensor wanted;
      {
        torch::NoGradGuard no_grad;
        const std::int64_t T = diffusion.steps();
        const Tensor t = it.draws().integers("critic/" + name_ + "/timestep", T / 50, T - T / 50 + 1, {x0.size(0)});
        const Tensor noisy = diffusion.add_noise(x0, it.draws().normal("critic/" + name_ + "/noise", x0.sizes()), t);
        const auto noise_by = [&](const Denoiser& d) {
          return diffusion.predicted_noise(
              noisy, d.predict_guided(noisy, t, it.condition(), it.null_condition(), vsd_.guidance), t);
        };
        wanted = x0 - per_sample(1 - diffusion.alpha_bar(t), x0) * (noise_by(*teacher_) - noise_by(fake_));
      }
      return (x0 - wanted).square().mean() / 2;
    }
    template <class Iteration>
    Tensor own_loss(Iteration& it) const {
      const Tensor x0 = it.template student<Latent>().detach();
      const Tensor t =
          it.draws().integers("critic/" + name_ + "/own-timestep", 0, fake_.diffusion.steps(), {x0.size(0)});
      const Tensor noise = it.draws().normal("critic/" + name_ + "/own-noise", x0.sizes());
      const bool null = it.draws().stream("critic/" + name_ + "/null").bernoulli(vsd_.null_probability);
      const Tensor condition = null ? it.null_condition().expand_as(it.condition()) : it.condition();
      const Tensor prediction = fake_.predict(fake_.diffusion.add_noise(x0, noise, t), t, condition);
      const Tensor error = (prediction - fake_.diffusion.target(x0, noise, t)).square().flatten(1).mean(1);
      return (error * fake_.diffusion.alpha_bar(t)).mean();
    }

   private:
    Vsd vsd_;
    std::string name_;
    RisingWeight weight_;
    const Denoiser* teacher_;
    Denoiser fake_;
    NamedTensors parameters_;
  };
};
static_assert(AdversarialCritic<Vsd<>>);

}  // namespace opad

namespace boost::hana {
template <class Trained>
struct accessors_impl<opad::Vsd<Trained>> {
  static constexpr auto apply() {
    return make_tuple(make_pair(BOOST_HANA_STRING("weight"), [](auto&& v) -> decltype(auto) { return (v.weight); }),
                      make_pair(BOOST_HANA_STRING("warmup"), [](auto&& v) -> decltype(auto) { return (v.warmup); }),
                      make_pair(BOOST_HANA_STRING("guidance"), [](auto&& v) -> decltype(auto) { return (v.guidance); }),
                      make_pair(BOOST_HANA_STRING("null_probability"),
                                [](auto&& v) -> decltype(auto) { return (v.null_probability); }));
  }
};
}  // namespace boost::hana
