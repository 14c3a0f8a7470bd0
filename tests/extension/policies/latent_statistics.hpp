#pragma once
#include <opad/adversarial/adversarial.hpp>

namespace lab {

/// A critic of a few weights that looks through no encoder: it judges mean and deviation of each latent channel, that
/// is colour, light and contrast, by logistic regression, and can learn nothing by heart.
struct LatentStatistics {
  using space = opad::Latent;
  static constexpr std::string_view name = "latent-statistics";
  static constexpr bool needs_teacher = false;
  double weight = 0.01, decay = 0.01;
  std::int64_t warmup = 0;
  struct State {
    double decay;
    opad::RisingWeight rising;
    opad::Tensor weights;  // [2 C]
    State(const LatentStatistics& critic, const std::string& name, const opad::Workshop& shop)
        : decay(critic.decay),
          rising(opad::RisingWeight::of(critic)),
          weights(shop.random.stream(name).normal({2 * shop.networks.vae_config().latent_channels}).to(shop.device)) {
      weights.set_requires_grad(true);
    }
    opad::NamedTensors parameters() const { return {{"weights", weights}}; }
    double weight(std::int64_t age) const { return rising.at(age); }
    opad::Tensor judge(const opad::Tensor& latent) const {  // [B, C, h, w] -> [B]
      const opad::Tensor places = latent.flatten(2);
      return at::matmul(at::cat({places.mean(2), places.std(2)}, 1), weights);
    }
    opad::Tensor student_loss(auto& it) const { return at::softplus(-judge(it.template student<space>())).mean(); }
    opad::Tensor own_loss(auto& it) const {
      const auto real = judge(it.template real<space>()), fake = judge(it.template student<space>().detach());
      return (at::softplus(-real) + at::softplus(fake)).mean() + decay * weights.square().sum();
    }
  };
};
static_assert(opad::AdversarialCritic<LatentStatistics>);
}  // namespace lab
BOOST_HANA_ADAPT_STRUCT(lab::LatentStatistics, weight, warmup, decay);
