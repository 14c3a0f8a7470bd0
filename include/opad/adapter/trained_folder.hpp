#pragma once
#include <opad/adapter/custom_diffusion.hpp>
#include <opad/adapter/lora.hpp>
#include <opad/adapter/textual_inversion.hpp>
#include <opad/core/once.hpp>
#include <opad/io/folder.hpp>
#include <opad/io/json_in.hpp>

namespace opad {

/// What a run leaves of one model: the adapter's own file, a file for each learned token, and adapters.json, which says
/// what belongs together:
///   {"adapter": "lora", "weights": ["pytorch_lora_weights.safetensors"], "tokens": {"<new1>": "<new1>.safetensors"}}
/// An adapter with a file that no program here knows is left as the U-Net's changed weights, too
/// (unet_changes.safetensors: what it trains of the U-Net itself, and what merging it changes), so that whoever makes
/// pictures needs not know its type. Where that file is, nothing else is loaded into the U-Net.
inline constexpr const char* changed_weights = "unet_changes.safetensors";
/// The file that says what of the folder belongs together.
inline constexpr const char* adapters_record = "adapters.json";

/// An adapter's `load`.
using LoadAdapter = std::function<void(UNet2DConditionModel&, const std::filesystem::path& folder)>;

/// Loads a LoRA of whatever rank the file has, in the place of any other adapter.
///   path  the file, of any of the forms that read_lora_file knows, or a folder that holds one
OPAD_ONCE void load_lora(UNet2DConditionModel& unet, const std::filesystem::path& path) {
  const std::int64_t rank = read_lora_file(find_lora_file(path), unet).rank;
  remove_adapter(unet);  // a LoRA of another rank
  LowRankAdapter{.rank = rank, .alpha = static_cast<double>(rank)}.load(unet, path);
}

namespace detail {
inline bool holds_weights(const std::filesystem::path& folder, const std::string& stem) {
  return std::filesystem::exists(folder / (stem + ".safetensors")) || std::filesystem::exists(folder / (stem + ".bin"));
}
constexpr const char* lora_stem = "pytorch_lora_weights";

/// Whether U-Net weights of a form that every program here knows are in the folder.
inline bool holds_known_weights(const std::filesystem::path& folder) {
  return holds_weights(folder, custom_diffusion_stem) || holds_weights(folder, lora_stem) ||
         std::filesystem::exists(folder / "unet" / "config.json") || std::filesystem::exists(folder / changed_weights);
}

/// Whether there are such weights and nothing beside them.
inline bool holds_only_known_weights(const std::filesystem::path& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string stem = entry.path().stem().string();
    if (stem != custom_diffusion_stem && stem != lora_stem && stem != "unet") return false;
  }
  return holds_known_weights(folder);
}

/// The parameters of the U-Net itself, without an adapter's.
inline std::map<std::string, Tensor> own_parameters(const UNet2DConditionModel& unet) {
  std::map<std::string, Tensor> out;
  for (const auto& item : unet.named_parameters())
    if (item.key().find(".processor.") == std::string::npos) out.emplace(item.key(), item.value());
  return out;
}
}  // namespace detail

/// The weights of a U-Net that its adapter trains, or that merging it changes, as they are then. The U-Net is
/// afterwards what it was before.
///   merge  the adapter's
template <class Merge>
Tensors merged_changes(UNet2DConditionModel& unet, const Merge& merge) {
  torch::NoGradGuard no_grad;
  std::map<std::string, std::pair<Tensor, bool>> before;
  for (const auto& [name, p] : detail::own_parameters(unet)) before[name] = {p.detach().clone(), p.requires_grad()};
  std::map<std::string, std::shared_ptr<AttentionProcessor>> processors;
  unet.for_each_attention([&](const std::string& name, Attention& a, bool) { processors[name] = a.processor(); });
  merge(unet);
  Tensors changed;
  for (auto& [name, p] : detail::own_parameters(unet)) {
    const auto& [was, learns] = before.at(name);
    if (learns || !at::equal(was, p)) changed.emplace(name, p.detach().clone()), p.detach().copy_(was);
    Tensor(p).set_requires_grad(learns);
  }
  unet.for_each_attention([&](const std::string& name, Attention& a, bool) { a.set_processor(processors.at(name)); });
  for (const auto& item : unet.named_parameters())
    if (item.key().find(".processor.") != std::string::npos) Tensor(item.value()).set_requires_grad(true);
  return changed;
}

/// Writes what was trained of a model into a folder, which is made.
///   save, merge  the adapter's functions
template <class Save, class Merge>
void save_trained(const std::filesystem::path& folder, const std::string& adapter, UNet2DConditionModel& unet,
                  const Save& save, const Merge& merge, const TokenRows& rows) {
  std::filesystem::create_directories(folder);
  save(unet, folder);
  if (!detail::holds_only_known_weights(folder)) {
    if (const Tensors changed = merged_changes(unet, merge); !changed.empty())
      save_safetensors(folder / changed_weights, changed, {}, Numbers::Finite);
  }
  Json weights = Json::array(), tokens = Json::object();
  for (const char* stem : {custom_diffusion_stem, detail::lora_stem})
    if (std::filesystem::exists(folder / c10::str(stem, ".safetensors")))
      weights.push_back(c10::str(stem, ".safetensors"));
  for (const char* file : {"unet", changed_weights})
    if (std::filesystem::exists(folder / file)) weights.push_back(file);
  rows.save(folder);
  for (const auto& learned : rows.embeddings()) tokens[learned.token] = token_file_stem(learned.token) + ".safetensors";
  write_json(folder / adapters_record, {{"adapter", adapter}, {"weights", weights}, {"tokens", tokens}});
}

/// The learned tokens of a folder: those that its adapters.json names, else what there is.
OPAD_ONCE std::vector<LearnedEmbedding> read_trained_tokens(const std::filesystem::path& folder) {
  const auto file = folder / adapters_record;
  if (!std::filesystem::exists(file)) return read_learned_embeddings(folder);
  const Json record = read_json(file);
  require(record.is_object() && record.contains("tokens") && record["tokens"].is_object(), file.string(),
          ": does not say which tokens were learned; remove it, and what is in the folder is looked through");
  return json_in(file, [&] {
    std::vector<LearnedEmbedding> out;
    for (const auto& [token, name] : record["tokens"].items())
      out.push_back(read_learned_embedding(folder / name.get<std::string>(), token));
    return out;
  });
}

/// Installs whatever trained weights the folders hold: Custom Diffusion, LoRA or changed weights into the U-Net.
/// Returns their learned tokens. A whole U-Net in unet/ is loaded in the place of the model's own (pipeline/parts.hpp).
/// Of several adapters the last one stays; changed weights stay below it. Throws for a folder that does not exist, that
/// holds nothing trained, or that lacks what its adapters.json names.
///   own  loads an adapter whose type is known to the caller, in the place of changed weights: onto another U-Net than
///        it was trained on, those would bring the other one's weights along
OPAD_ONCE std::vector<LearnedEmbedding> load_trained_weights(const std::vector<std::filesystem::path>& folders,
                                                             UNet2DConditionModel& unet, const LoadAdapter& own = {}) {
  std::vector<LearnedEmbedding> embeddings;
  for (const auto& folder : folders) {
    require(!is_there(folder) || is_folder(folder), folder.string(), ": a file; give its folder, ",
            std::filesystem::absolute(folder).parent_path().string());
    require_folder(folder, "give a run's, or one with adapters");
    if (const auto file = folder / adapters_record; std::filesystem::exists(file)) {
      const Json record = read_json(file);
      const auto names = json_in(file, [&] { return record.value("weights", std::vector<std::string>()); });
      for (const auto& name : names)
        require(std::filesystem::exists(folder / name), folder.string(), ": ", name, " is missing, though ",
                adapters_record, " names it; was the folder copied whole?");
    }
    const auto found = read_trained_tokens(folder);
    require(!found.empty() || detail::holds_known_weights(folder), folder.string(), ": no trained weights here (",
            custom_diffusion_stem, ", ", detail::lora_stem, ", ", changed_weights,
            ", unet/, learned_embeds, <token>; .safetensors or .bin)");
    if (const auto file = folder / changed_weights; std::filesystem::exists(file) && own) {
      own(unet, folder);
    } else if (std::filesystem::exists(file)) {
      torch::NoGradGuard no_grad;
      remove_adapter(unet);  // of a folder before this one
      const auto parameters = detail::own_parameters(unet);
      for (const auto& [name, tensor] : SafeTensors(file).tensors()) {
        const auto parameter = parameters.find(name);
        require(parameter != parameters.end() && parameter->second.sizes() == tensor.sizes(), file.string(), ": '",
                name, "' ", tensor.sizes(), " fits no weight of this U-Net; was it made for another base model?");
        Tensor(parameter->second).copy_(tensor);
      }
    } else {
      if (detail::holds_weights(folder, custom_diffusion_stem)) load_custom_diffusion(unet, folder);
      if (detail::holds_weights(folder, detail::lora_stem)) load_lora(unet, folder);
    }
    embeddings.insert(embeddings.end(), found.begin(), found.end());
  }
  return embeddings;
}

/// The same, with the learned tokens made known to the tokenizer.
inline TokenRows load_trained(const std::vector<std::filesystem::path>& folders, UNet2DConditionModel& unet,
                              ClipTokenizer& tokenizer, const LoadAdapter& own = {}) {
  return TokenRows(tokenizer, load_trained_weights(folders, unet, own));
}

}  // namespace opad
