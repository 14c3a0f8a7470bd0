#pragma once
#include <opad/adapter/custom_diffusion.hpp>

namespace opad {

OPAD_ONCE NamedTensors install_custom_diffusion(UNet2DConditionModel& unet, bool query_out) {
  remove_adapter(unet);
  unet.for_each_attention([&](const std::string&, Attention& attention, bool cross) {
    if (cross) attention.set_processor(std::make_shared<CustomDiffusionProcessor>(attention, query_out));
  });
  return processor_parameters(unet);
}

OPAD_ONCE void save_custom_diffusion(UNet2DConditionModel& unet, const std::filesystem::path& folder) {
  Tensors tensors;
  unet.for_each_attention([&](const std::string& name, Attention& attention, bool cross) {
    const auto* const processor = dynamic_cast<const CustomDiffusionProcessor*>(attention.processor().get());
    require(!cross || processor, "save_custom_diffusion: '", name,
            "' has no Custom Diffusion weights; install the adapter first");
    if (!cross) tensors.emplace(name + ".processor", torch::empty({0}));
  });
  for (const auto& [name, parameter] : processor_parameters(unet)) tensors.emplace(name, parameter.detach());
  save_safetensors(folder / (std::string(custom_diffusion_stem) + ".safetensors"), tensors, {}, Numbers::Finite);
}

OPAD_ONCE void load_custom_diffusion(UNet2DConditionModel& unet, Tensors tensors, const std::string& where) {
  std::erase_if(tensors,
                [](const auto& item) { return item.first.ends_with(".processor") && item.second.numel() == 0; });
  const bool query_out = std::any_of(tensors.begin(), tensors.end(), [](const auto& item) {
    return item.first.find(".to_q_custom_diffusion.") != std::string::npos;
  });
  bool installed = true;
  unet.for_each_attention([&](const std::string&, Attention& attention, bool cross) {
    const auto* const processor = dynamic_cast<const CustomDiffusionProcessor*>(attention.processor().get());
    if (cross) installed = installed && processor && (processor->to_q != nullptr) == query_out;
  });
  copy_into(installed ? processor_parameters(unet) : install_custom_diffusion(unet, query_out), tensors, where);
}

OPAD_ONCE void load_custom_diffusion(UNet2DConditionModel& unet, const std::filesystem::path& path) {
  if (is_folder(path)) load_custom_diffusion(unet, read_weights(path, custom_diffusion_stem), path.string());
  else load_custom_diffusion(unet, read_weight_file(path), path.string());
}

OPAD_ONCE void merge_custom_diffusion(UNet2DConditionModel& unet) {
  unet.for_each_attention([](const std::string& name, Attention& attention, bool cross) {
    if (!cross) return;
    const auto* const processor = dynamic_cast<const CustomDiffusionProcessor*>(attention.processor().get());
    require(processor, "merge_custom_diffusion: '", name,
            "' has no Custom Diffusion weights; install or load the adapter first");
    processor->merge_into(attention);
  });
  remove_adapter(unet);
}

}  // namespace opad
