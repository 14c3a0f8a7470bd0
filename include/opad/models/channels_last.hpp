#pragma once
#include <opad/core/once.hpp>
#include <opad/models/layers.hpp>

namespace opad {

/// Keeps the kernels of a network's frozen convolutions with the channels last in memory. LibTorch's convolutions then
/// give, and take, feature maps of that layout, and layers between them keep it.
OPAD_ONCE void store_channels_last(torch::nn::Module& network) {
  for (const auto& module : network.modules())
    if (auto* const convolution = dynamic_cast<Conv2d*>(module.get()))
      if (Tensor& kernel = convolution->weight; !kernel.requires_grad())
        kernel.set_data(kernel.detach().contiguous(at::MemoryFormat::ChannelsLast));
}

}  // namespace opad
