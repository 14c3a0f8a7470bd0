#pragma once
#include <torch/types.h>

#include <string_view>

#include <opad/core/autocast.hpp>
#include <opad/core/least_processor_time.hpp>

namespace opad {

/// Seconds of two convolutions of a frozen network, one with large pictures and one with many channels, forward and
/// backward, with their kernels in a memory format.
inline double measured_cost(at::MemoryFormat format, bool bfloat16) {
  const auto convolution = [&](at::IntArrayRef shape) {
    const torch::Tensor picture = torch::full(shape, 0.5).contiguous(format).requires_grad_(true),
                        kernel = torch::full({shape[1], shape[1], 3, 3}, 0.01)
                                     .to(bfloat16 ? torch::kBFloat16 : torch::kFloat32)
                                     .contiguous(format);
    return least_processor_time([&] {
      const Autocast autocast(bfloat16, torch::kCPU);
      at::conv2d(picture, kernel, {}, {1, 1}, {1, 1}).to(torch::kFloat32).sum().backward();
    });
  };
  torch::AutoGradMode gradients(true);
  return convolution({1, 64, 64, 64}) + convolution({4, 128, 8, 8});
}

/// Which memory format convolutions are faster in, "channels-last" or "contiguous". A GPU's answer is channels-last,
/// which tensor cores ask for; a CPU is measured (some tens of milliseconds).
inline std::string_view fastest_memory_format(c10::DeviceType device, bool bfloat16) {
  if (device != torch::kCPU) return "channels-last";
  return measured_cost(at::MemoryFormat::ChannelsLast, bfloat16) < measured_cost(at::MemoryFormat::Contiguous, bfloat16)
             ? "channels-last"
             : "contiguous";
}

}  // namespace opad
