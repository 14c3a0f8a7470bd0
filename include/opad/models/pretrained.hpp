#pragma once
#include <opad/core/once.hpp>
#include <opad/io/json.hpp>
#include <opad/io/safetensors.hpp>
#include <opad/models/parameters.hpp>

namespace opad {

/// Writes a model folder: STEM.safetensors, then config.json, so that a folder with a config.json is complete. Weights
/// of adapters (below a child "processor") are left out; a NaN or an infinity is refused.
///   stem  "diffusion_pytorch_model" as diffusers has it, "model" as transformers and timm do
///   type  the numbers' type in the file: float32 (exact), float16, bfloat16
OPAD_ONCE void save_model_folder(const std::filesystem::path& folder, const std::string& stem,
                                 const torch::nn::Module& module, const Json& config,
                                 at::ScalarType type = torch::kFloat32) {
  Tensors tensors = parameters_of(module);
  std::erase_if(tensors, [](const auto& item) { return item.first.find(".processor.") != std::string::npos; });
  for (auto& [name, tensor] : tensors) tensor = tensor.to(type);
  save_safetensors(folder / (stem + ".safetensors"), tensors, {}, Numbers::Finite);
  write_json(folder / "config.json", config);
}

}  // namespace opad
