#pragma once
#include <opad/core/once.hpp>
#include <opad/models/layers.hpp>

namespace opad {

/// Stores the frozen linear layers and convolutions of a network in bfloat16: half the memory, and under autocast there
/// is nothing to cast. What trains, norms, embeddings and single parameters stay float32.
OPAD_ONCE void store_in_bfloat16(torch::nn::Module& network) {
  const auto store = [](Tensor& t) {
    if (t.defined() && !t.requires_grad()) t.set_data(t.detach().to(torch::kBFloat16));
  };
  for (const auto& module : network.modules()) {
    if (auto* const linear = dynamic_cast<LinearLayer*>(module.get())) store(linear->weight), store(linear->bias);
    if (auto* const convolution = dynamic_cast<Conv2d*>(module.get()))
      store(convolution->weight), store(convolution->bias);
  }
}

}  // namespace opad
