#pragma once
#include <torch/types.h>

#include <string_view>

#include <opad/core/autocast.hpp>
#include <opad/core/least_processor_time.hpp>

namespace opad {

/// What a small convolution and a matrix product cost in a type, forward and backward.
struct TypeCost {
  double convolution = 0, product = 0;  // seconds of the process's processors, the best of `rounds`
  double total() const { return convolution + product; }
};

/// Measures on the CPU, with as many threads as LibTorch has.
inline TypeCost measured_cost(bool bfloat16, int rounds = 3) {
  const auto options = torch::TensorOptions().dtype(torch::kFloat32);
  const torch::Tensor picture = torch::full({4, 32, 16, 16}, 0.5, options), row = torch::full({256, 128}, 0.5, options);
  const torch::Tensor kernel = torch::full({32, 32, 3, 3}, 0.01, options).requires_grad_(true),
                      matrix = torch::full({128, 128}, 0.01, options).requires_grad_(true);
  const auto cost = [&](const auto& work) {
    return least_processor_time(
        [&] {
          const Autocast autocast(bfloat16, torch::kCPU);
          work().to(torch::kFloat32).sum().backward();
        },
        rounds);
  };
  torch::AutoGradMode gradients(true);
  return {cost([&] { return at::conv2d(picture, kernel, {}, {1, 1}, {1, 1}); }),
          cost([&] { return at::mm(row, matrix); })};
}

/// Which type networks' passes are faster in, "bfloat16" or "float32". A GPU's answer is bfloat16; a CPU is measured
/// (some tens of milliseconds), because those without instructions for bfloat16 are 20 to 80 times slower in it.
inline std::string_view fastest_type(c10::DeviceType device) {
  if (device != torch::kCPU) return "bfloat16";
  return measured_cost(true).total() < measured_cost(false).total() ? "bfloat16" : "float32";
}

}  // namespace opad
