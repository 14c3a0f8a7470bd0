#pragma once
#include <array>
#include <filesystem>
#include <map>
#include <string>

#include <opad/core/once.hpp>
#include <opad/io/folder.hpp>
#include <opad/io/json_in.hpp>
#include <opad/models/autoencoder_kl.hpp>
#include <opad/models/clip_text_model.hpp>
#include <opad/models/unet_2d_condition.hpp>
#include <opad/pipeline/parts.hpp>

namespace opad {

/// What save_pipeline writes into its folder.
inline constexpr std::array pipeline_names{"scheduler", "text_encoder", "tokenizer", "unet", "vae", "model_index.json"};

/// Writes a whole pipeline that diffusers' StableDiffusionPipeline.from_pretrained loads: this U-Net, with what was
/// installed in it merged before, and the parts of the model that it stands on, in float32. No safety checker.
///   folder    is there, without the names above;   parts  tokenizer, text encoder, VAE and scheduler are taken from it
///   metadata  what the U-Net's file says of itself
OPAD_ONCE void save_pipeline(const std::filesystem::path& folder, const UNet2DConditionModel& unet,
                             const PipelineFolders& parts, const std::map<std::string, std::string>& metadata = {}) {
  namespace fs = std::filesystem;
  const auto scheduler = read_json(parts.scheduler / "scheduler_config.json");
  const auto kind = json_in(parts.scheduler / "scheduler_config.json",
                            [&] { return scheduler.at("_class_name").get<std::string>(); });
  save_safetensors(folder / "unet" / "diffusion_pytorch_model.safetensors", parameters_of(unet), metadata,
                   Numbers::Finite);
  write_json(folder / "unet" / "config.json", unet.config.to_json());
  AutoencoderKL::from_pretrained(parts.vae)->save_pretrained(folder / "vae");
  CLIPTextModel::from_pretrained(parts.text_encoder)->save_pretrained(folder / "text_encoder");
  write_json(folder / "scheduler" / "scheduler_config.json", scheduler);
  fs::create_directories(folder / "tokenizer");
  for (const auto& entry : entries_of(parts.tokenizer))
    if (is_file(entry)) fs::copy_file(entry.path(), folder / "tokenizer" / entry.path().filename());
  const Json nothing = Json::array({nullptr, nullptr});
  write_json(folder / "model_index.json", {{"_class_name", "StableDiffusionPipeline"},
                                           {"_diffusers_version", "0.27.0"},
                                           {"feature_extractor", nothing},
                                           {"image_encoder", nothing},
                                           {"requires_safety_checker", false},
                                           {"safety_checker", nothing},
                                           {"scheduler", {"diffusers", kind}},
                                           {"text_encoder", {"transformers", "CLIPTextModel"}},
                                           {"tokenizer", {"transformers", "CLIPTokenizer"}},
                                           {"unet", {"diffusers", "UNet2DConditionModel"}},
                                           {"vae", {"diffusers", "AutoencoderKL"}}});
}

}  // namespace opad
