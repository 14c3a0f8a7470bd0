#pragma once
#include <opad/adapter/custom_diffusion.hpp>
#include <opad/adapter/lora.hpp>
#include <opad/adapter/textual_inversion.hpp>
#include <opad/core/once.hpp>

namespace opad {

/// Loads a LoRA of whatever rank the file has.
OPAD_ONCE void load_lora(UNet2DConditionModel& unet, const std::filesystem::path& folder) {
  const SafeTensors file(folder / "pytorch_lora_weights.safetensors");
  std::int64_t rank = 0;
  for (const auto& [name, tensor] : file.tensors())
    if (name.ends_with(".lora_A.weight") || name.ends_with(".lora.down.weight")) rank = tensor.size(0);
  require(rank > 0, folder.string(), ": pytorch_lora_weights.safetensors holds no LoRA weights");
  LowRankAdapter{.rank = rank, .alpha = static_cast<double>(rank)}.load(unet, folder);
}

/// Installs whatever trained weights the folders hold, known by diffusers' file names: Custom Diffusion or LoRA into
/// the U-Net, learned tokens into the tokenizer and the returned rows. Of several folders with U-Net weights the last
/// one wins. Throws for a folder that does not exist or holds neither.
OPAD_ONCE TokenRows load_adapters(const std::vector<std::filesystem::path>& folders, UNet2DConditionModel& unet,
                                  ClipTokenizer& tokenizer) {
  std::vector<LearnedEmbedding> embeddings;
  for (const auto& folder : folders) {
    auto found = read_learned_embeddings(folder);
    constexpr const char* lora_stem = "pytorch_lora_weights";
    const auto holds = [&](const std::string& stem) {
      return std::filesystem::exists(folder / (stem + ".safetensors")) ||
             std::filesystem::exists(folder / (stem + ".bin"));
    };
    const bool custom = holds(custom_diffusion_stem), lora = holds(lora_stem);
    require(!found.empty() || custom || lora, folder.string(), ": no trained weights here (", custom_diffusion_stem,
            ", ", lora_stem, ", learned_embeds, <token>; .safetensors or .bin)");
    if (custom) load_custom_diffusion(unet, folder);
    if (lora) load_lora(unet, folder);
    embeddings.insert(embeddings.end(), found.begin(), found.end());
  }
  return TokenRows(tokenizer, embeddings);
}

}  // namespace opad
