#pragma once
#include <opad/loss/loss.hpp>
#include <opad/models/lpips.hpp>

namespace opad {

/// The network behind Lpips, as a run loads it: --lpips FILE.
struct LpipsBackbone {
  static constexpr std::string_view name = "lpips";
  using Network = LpipsNetwork;
  static std::shared_ptr<Network> load(const std::filesystem::path& path) { return Network::from_pretrained(path); }
};

/// The space in which LPIPS is a squared Euclidean distance.  [B, 3, H, W] in [-1, 1] -> [B, D]
struct LpipsFeatures {
  static constexpr std::string_view name = "lpips";
  using from = Pixel;
  using backbone = LpipsBackbone;
  template <class Networks>
  static Tensor render(Networks& networks, const Tensor& image) {
    auto& network = networks.template get<LpipsBackbone>();
    const Tensor features = networks.pass(image.device(), [&] { return network.embed(image); });
    networks.passes().count(name, features.requires_grad());
    return features;
  }
};

/// Learned perceptual image patch similarity of the student's and the teacher's pictures; see models/lpips.hpp.
/// Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018, arXiv 1801.03924.
/// Default weight: the method's paper's.
struct Lpips {
  static constexpr std::string_view name = "lpips";
  using space = LpipsFeatures;
  double weight = 1.0;
  Tensor operator()(const Tensor& student, const Tensor& target) const {  // [B, D] twice -> [B]
    require_same_shape("Lpips", student, target);
    return (student - target).square().sum(1);
  }
};
static_assert(LossTerm<Lpips>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::Lpips, weight);
