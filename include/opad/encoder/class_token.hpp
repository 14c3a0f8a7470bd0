#pragma once
#include <opad/encoder/backbone.hpp>
#include <opad/io/folder.hpp>
#include <opad/models/vision_transformer.hpp>

namespace opad {

namespace detail {
/// What the two generations of DINO have in common: a timm VisionTransformer, ImageNet's colours, the pooled class
/// token.
struct ClassToken {
  using Network = VisionTransformer;
  static constexpr double mean[3] = {0.485, 0.456, 0.406}, deviation[3] = {0.229, 0.224, 0.225};
  static std::shared_ptr<Network> load(const std::filesystem::path& folder) {
    require_folder(folder, "give the encoder's folder");
    return Network::from_pretrained(folder);
  }
  static std::int64_t resolution(const Network& network) { return network.config.img_size[0]; }
  static Tensor features(Network& network, const Tensor& image) {
    return network.forward(image).unsqueeze(1);
  }  // [B, 1, width]
};
}  // namespace detail

}  // namespace opad
