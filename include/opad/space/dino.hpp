#pragma once
#include <opad/models/vision_transformer.hpp>
#include <opad/space/features.hpp>

namespace opad {

namespace detail {
/// What the two generations of DINO have in common: a timm VisionTransformer, ImageNet's colours, the pooled class
/// token.
struct ClassToken {
  using Network = VisionTransformer;
  static constexpr double mean[3] = {0.485, 0.456, 0.406}, deviation[3] = {0.229, 0.224, 0.225};
  static std::shared_ptr<Network> load(const std::filesystem::path& folder) { return Network::from_pretrained(folder); }
  static std::int64_t resolution(const Network& network) { return network.config.img_size[0]; }
  static Tensor features(Network& network, const Tensor& image) {
    return network.forward(image).unsqueeze(1);
  }  // [B, 1, width]
};

/// Another way to look through the network of the backbone B, which all such views share.
template <class B>
struct ViewOf {
  static constexpr std::string_view name = B::name;
  using backbone = B;
  using Network = typename B::Network;
  static constexpr const auto& mean = B::mean;
  static constexpr const auto& deviation = B::deviation;
  static std::int64_t resolution(const Network& network) { return B::resolution(network); }
};
}  // namespace detail

/// DINO: ViT-S/16 at 224 pixels, self-supervised; feature = the class token.  timm's vit_small_patch16_224.dino.
/// Caron et al., "Emerging Properties in Self-Supervised Vision Transformers", ICCV 2021, arXiv 2104.14294.
struct Dino : detail::ClassToken {
  static constexpr std::string_view name = "dino";
};

/// DINOv2: ViT-L/14 at 518 pixels; feature = the class token.  timm's vit_large_patch14_dinov2.lvd142m.
/// Oquab et al., "DINOv2: Learning Robust Visual Features without Supervision", TMLR 2024, arXiv 2304.07193.
struct DinoV2 : detail::ClassToken {
  static constexpr std::string_view name = "dinov2";
};
static_assert(Backbone<Dino> && Backbone<DinoV2>);

}  // namespace opad
