#pragma once
#include <filesystem>

#include <opad/adapter/lora_file.hpp>
#include <opad/core/once.hpp>
#include <opad/models/clip_text_model.hpp>

namespace opad {

/// A LoRA file and how much of it is wanted.
struct WeightedLora {
  std::filesystem::path file;  // or a folder that holds one (find_lora_file)
  double weight = 1;           // any number; 0: none, negative: away from it
};

/// Folds an installed Custom Diffusion or LoRA adapter into the U-Net's own weights and removes it. Throws for any
/// other.
void merge_adapter(UNet2DConditionModel& unet);

/// Adds what a LoRA file changes to the models' own weights:  W += weight * alpha / rank * up down, for every linear
/// layer and convolution of U-Net and text encoder that the file names. An adapter that is installed is merged before.
///   lora  of any form that read_lora_file knows, with kohya's or diffusers' text-encoder part, and with the layers'
///         names of diffusers or of Stable Diffusion's own code
/// Several add up, in any order. Throws, before anything is changed, for a layer that these models lack, for shapes
/// that do not fit, and for what is no LoRA.
void add_lora(UNet2DConditionModel& unet, CLIPTextModel& text, const WeightedLora& lora);

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/adapter/detail/add_lora.hpp>
#endif
