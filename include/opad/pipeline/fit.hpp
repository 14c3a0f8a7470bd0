#pragma once
#include <filesystem>
#include <string>

#include <opad/core/once.hpp>
#include <opad/models/autoencoder_kl.hpp>
#include <opad/models/clip_text_model.hpp>
#include <opad/models/unet_2d_condition.hpp>

namespace opad {

/// Throws where a U-Net is of another world than the text encoder or the VAE beside it, with both folders.
///   advice  which option to give, for the message
OPAD_ONCE void require_fit(const UNet2DConditionModel& unet, const std::filesystem::path& folder,
                           const CLIPTextModel& text_encoder, const std::filesystem::path& text_folder,
                           const AutoencoderKL& vae, const std::filesystem::path& vae_folder,
                           const std::string& advice) {
  const std::int64_t words = unet.config.cross_attention_dim.front(), given = text_encoder.token_table().size(1),
                     channels = unet.config.in_channels, latent = vae.config.latent_channels;
  require(words == given, folder.string(), ": attends to words of ", words, " numbers, but the text encoder ",
          text_folder.string(), " gives ", given, "; ", advice);
  require(channels == latent, folder.string(), ": takes latents of ", channels, " channels, but the VAE ",
          vae_folder.string(), " makes ", latent, "; ", advice);
}

}  // namespace opad
