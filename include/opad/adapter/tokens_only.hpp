#pragma once
#include <opad/adapter/adapter.hpp>

namespace opad {

/// Nothing in the U-Net trains, only the new token rows do.
/// Gal et al., "An Image is Worth One Word: Personalizing Text-to-Image Generation using Textual Inversion", ICLR 2023,
/// arXiv 2208.01618.
struct TokensOnly {
  static constexpr std::string_view name = "tokens-only";
  NamedTensors install(UNet2DConditionModel& unet) const {
    remove_adapter(unet);
    return {};
  }
  void save(UNet2DConditionModel&, const std::filesystem::path&) const {}
  void load(UNet2DConditionModel&, const std::filesystem::path&) const {}
  void merge(UNet2DConditionModel&) const {}
};
static_assert(Adapter<TokensOnly>);

}  // namespace opad
