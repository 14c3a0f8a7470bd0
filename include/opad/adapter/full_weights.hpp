#pragma once
#include <opad/adapter/adapter.hpp>

namespace opad {

/// Everything in the U-Net trains, as in DreamBooth; its file is a whole U-Net folder, unet/ (config.json,
/// diffusion_pytorch_model.safetensors), which any program loads in the place of the base model's.
/// Ruiz et al., "DreamBooth: Fine Tuning Text-to-Image Diffusion Models for Subject-Driven Generation", CVPR 2023,
/// arXiv 2208.12242.
struct FullWeights {
  static constexpr std::string_view name = "full-weights";
  NamedTensors install(UNet2DConditionModel& unet) const {
    remove_adapter(unet);
    NamedTensors parameters = all(unet);
    for (auto& [key, parameter] : parameters) parameter.set_requires_grad(true);
    return parameters;
  }
  void save(UNet2DConditionModel& unet, const std::filesystem::path& folder) const {
    unet.save_pretrained(folder / "unet");
  }
  void load(UNet2DConditionModel& unet, const std::filesystem::path& folder) const {
    copy_into(all(unet), read_weights(folder / "unet", "diffusion_pytorch_model"), (folder / "unet").string());
  }
  void merge(UNet2DConditionModel& unet) const { remove_adapter(unet); }

 private:
  static NamedTensors all(const UNet2DConditionModel& unet) {
    NamedTensors parameters;
    for (const auto& item : unet.named_parameters()) parameters.emplace_back(item.key(), item.value());
    return parameters;
  }
};
static_assert(Adapter<FullWeights>);

}  // namespace opad
