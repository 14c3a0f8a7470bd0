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
void save_model_folder(const std::filesystem::path& folder, const std::string& stem, const torch::nn::Module& module,
                       const Json& config, at::ScalarType type = torch::kFloat32);

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/models/detail/pretrained.hpp>
#endif
