#pragma once
#include <opad/adapter/custom_diffusion.hpp>
#include <opad/adapter/lora.hpp>
#include <opad/adapter/textual_inversion.hpp>
#include <opad/core/once.hpp>

namespace opad {

/// Loads a LoRA of whatever rank the file has, in the place of any other adapter.
///   path  the file, of any of the forms that read_lora_file knows, or a folder that holds one
OPAD_ONCE void load_lora(UNet2DConditionModel& unet, const std::filesystem::path& path) {
  const std::int64_t rank = read_lora_file(find_lora_file(path), unet).rank;
  remove_adapter(unet);  // a LoRA of another rank
  LowRankAdapter{.rank = rank, .alpha = static_cast<double>(rank)}.load(unet, path);
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
