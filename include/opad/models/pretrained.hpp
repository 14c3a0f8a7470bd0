#pragma once
#include <opad/core/once.hpp>
#include <opad/io/json.hpp>
#include <opad/io/safetensors.hpp>
#include <opad/models/parameters.hpp>

namespace opad {

/// Writes a model folder as diffusers does: config.json and diffusion_pytorch_model.safetensors, the latter first, so that a folder
/// with a config.json is complete. Weights of adapters (below a child "processor") are left out.
///   type  the numbers' type in the file: float32 (exact), float16, bfloat16
OPAD_ONCE void save_diffusers_folder(const std::filesystem::path& folder, const torch::nn::Module& module, const Json& config,
                                  at::ScalarType type = torch::kFloat32) {
  Tensors tensors;
  for (const auto& item : module.named_parameters())
    if (item.key().find(".processor.") == std::string::npos)
      tensors.emplace(item.key(), item.value().detach().to(type));
  std::filesystem::create_directories(folder);
  save_safetensors(folder / "diffusion_pytorch_model.safetensors", tensors);
  write_json(folder / "config.json", config);
}

}  // namespace opad
