#pragma once
#include <opad/models/pretrained.hpp>

namespace opad {

OPAD_ONCE void save_model_folder(const std::filesystem::path& folder, const std::string& stem,
                                 const torch::nn::Module& module, const Json& config, at::ScalarType type) {
  Tensors tensors = parameters_of(module);
  std::erase_if(tensors, [](const auto& item) { return item.first.find(".processor.") != std::string::npos; });
  for (auto& [name, tensor] : tensors) tensor = tensor.to(type);
  save_safetensors(folder / (stem + ".safetensors"), tensors, {}, Numbers::Finite);
  write_json(folder / "config.json", config);
}

}  // namespace opad
