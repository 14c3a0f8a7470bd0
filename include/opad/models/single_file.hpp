#pragma once
#include <map>
#include <string>

#include <opad/core/once.hpp>
#include <opad/models/autoencoder_kl.hpp>
#include <opad/models/clip_text_model.hpp>
#include <opad/models/unet_2d_condition.hpp>

namespace opad {

/// The parameters' names in Stable Diffusion's own code (github.com/CompVis/latent-diffusion): what a checkpoint in a
/// single file holds, as web UIs take it.

/// Of a U-Net, by diffusers' names:  "down_blocks.0.resnets.0.conv1.weight" -> "input_blocks.1.0.in_layers.2.weight".
std::map<std::string, std::string> original_unet_names(const UNet2DConditionModel& unet);

/// The tensors of a whole checkpoint, without copies where the layouts agree:
///   model.diffusion_model.*  the U-Net
///   first_stage_model.*      the VAE; its attention's projections are 1 x 1 convolutions there
///   cond_stage_model.*       the text encoder: with exact GELU (Stable Diffusion 2) under open_clip's names, the three
///                            projections of an attention in one; else (1.x) under transformers' names
/// What was installed in the U-Net must be merged before. The scheduler has no place in such a file.
Tensors single_file_weights(const UNet2DConditionModel& unet, const AutoencoderKL& vae, const CLIPTextModel& text);

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/models/detail/single_file.hpp>
#endif
