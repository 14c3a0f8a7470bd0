#pragma once
#include <opad/encoder/backbone.hpp>
#include <opad/models/vision_transformer.hpp>

namespace lab {

/// The mean of a vision transformer's patch tokens in the place of its class token: what is in the picture, with less
/// of what the network was trained to sum up.  --mean-patches FOLDER, a timm model such as DINO's.
struct MeanPatches {
  static constexpr std::string_view name = "mean-patches";
  using Network = opad::VisionTransformer;
  static constexpr double mean[3] = {0.485, 0.456, 0.406}, deviation[3] = {0.229, 0.224, 0.225};  // ImageNet's

  static std::shared_ptr<Network> load(const std::filesystem::path& folder) { return Network::from_pretrained(folder); }
  static std::int64_t resolution(const Network& network) { return network.config.img_size[0]; }
  static opad::Tensor features(Network& network, const opad::Tensor& image) {  // [B, 3, s, s] -> [B, 1, width]
    return network.forward_features(image).slice(1, network.config.prefix()).mean(1, /*keepdim=*/true);
  }
};
static_assert(opad::Backbone<MeanPatches>);

}  // namespace lab
