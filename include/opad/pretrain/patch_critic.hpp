#pragma once
#include <opad/core/random.hpp>
#include <opad/models/layers.hpp>
#include <opad/models/parameters.hpp>

namespace opad {

/// Does each region of a picture look drawn, or decoded? Convolutions that see regions of 46 x 46 pixels (Isola et al.,
/// "Image-to-Image Translation with Conditional Adversarial Networks", CVPR 2017, arXiv 1611.07004).
///   image [B, 3, H, W] -> logits [B, (H / 8) (W / 8)]
struct PatchCritic : torch::nn::Module {
  std::shared_ptr<ModuleList<Conv2d>> convolutions;
  std::shared_ptr<ModuleList<GroupNorm>> norms;

  PatchCritic(std::int64_t width, const Random& random)
      : convolutions(register_module("convolutions", std::make_shared<ModuleList<Conv2d>>())),
        norms(register_module("norms", std::make_shared<ModuleList<GroupNorm>>())) {
    convolutions->emplace(3, width, 4, 2, 1), convolutions->emplace(width, 2 * width, 4, 2, 1);
    convolutions->emplace(2 * width, 4 * width, 4, 2, 1), convolutions->emplace(4 * width, 1, 3, 1, 1);
    norms->emplace(8, 2 * width, 1e-5), norms->emplace(8, 4 * width, 1e-5);
    fill_random(*this, random, 1.0);
  }
  Tensor forward(const Tensor& image) const {
    const auto bent = [](const Tensor& x) { return at::leaky_relu(x, 0.2); };
    Tensor x = bent((*convolutions)[0].forward(image));
    for (std::size_t i = 0; i < 2; ++i) x = bent((*norms)[i].forward((*convolutions)[i + 1].forward(x)));
    return (*convolutions)[3].forward(x).flatten(1).to(torch::kFloat32);
  }
};

}  // namespace opad
