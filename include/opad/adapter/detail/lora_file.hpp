#pragma once
#include <opad/adapter/lora_file.hpp>

namespace opad {

namespace detail {

OPAD_ONCE LoraKey parse_lora_key(std::string_view key, const std::string& where) {
  for (const std::string_view second : {"text_encoder_2.", "lora_te2_"})
    if (key.starts_with(second))
      fail(where, ": '", key, "' is of the second text encoder of Stable Diffusion XL; give a file for this model");
  LoraKey parsed{};
  const auto ending = std::ranges::find_if(lora_endings, [&](const auto& e) { return key.ends_with(e.first); });
  if (ending == lora_endings.end())
    fail(where, ": '", key, "' is no part of a LoRA (down, up or alpha of a layer); LoHa, LoKr and DoRA are not read");
  parsed.part = ending->second;
  std::string& layer = parsed.layer = key.substr(0, key.size() - ending->first.size());
  if (layer.starts_with("base_model.model.")) layer.erase(0, 17);
  for (const std::string_view prefix : {"text_encoder.", "lora_te_", "lora_te1_"})
    if (layer.starts_with(prefix)) layer.erase(0, prefix.size()), parsed.text = true;
  for (const std::string_view prefix : {"unet.", "lora_unet_"})
    if (layer.starts_with(prefix)) layer.erase(0, prefix.size());
  if (const auto at = layer.find(".processor."); at != layer.npos) layer.erase(at, 10);
  std::ranges::replace(layer, '.', '_');
  parsed.text = parsed.text || layer.starts_with("text_model_");
  if (!parsed.text) {
    if (layer.ends_with("_to_out")) layer += "_0";  // as the attention processors call it
    return parsed;
  }
  if (!layer.starts_with("text_model_")) layer.insert(0, "text_model_");  // as transformers 5 calls it
  for (const auto& [processor, own] :
       {std::pair{"_to_q", "_q_proj"}, {"_to_k", "_k_proj"}, {"_to_v", "_v_proj"}, {"_to_out", "_out_proj"}})
    if (layer.ends_with(processor)) layer.replace(layer.size() - std::string_view(processor).size(), layer.npos, own);
  return parsed;
}

OPAD_ONCE void LoraLayer::check(const std::string& where) const {
  require(down.defined() && up.defined(), where, ": the LoRA of '", key(), "' lacks one of its two matrices");
  require(down.size(0) == up.size(1), where, ": the two matrices of '", key(), "' have the ranks ", down.size(0),
          " and ", up.size(1));
}

/// alpha / rank where one number for all layers is given: by diffusers' newer training scripts in the file itself, by
/// PEFT in a config beside it; else 1.
///   model  "unet." or "text_encoder."
OPAD_ONCE double lora_scale(const std::filesystem::path& path, const std::string& model) {
  const auto scale = [](const Json& json, const std::string& prefix, const std::string& where) {
    const auto empty = [&](const std::string& key) {
      const Json value = json.value(prefix + key, Json());
      return value.is_null() || value.empty() || value == false;
    };
    require(
        json.is_object() && empty("rank_pattern") && empty("alpha_pattern") && empty("use_rslora") && empty("use_dora"),
        where, ": ranks or alphas that differ between layers, rsLoRA and DoRA are not supported");
    double rank = 0, alpha = 0;
    const ConfigReader read(json, where);
    read((prefix + "r").c_str(), rank);
    read((prefix + "lora_alpha").c_str(), alpha);
    if (rank == 0 && alpha == 0) return 1.0;
    require(rank > 0 && alpha > 0, where, ": gives rank ", rank, " and alpha ", alpha);
    return alpha / rank;
  };
  if (path.extension() == ".safetensors") {
    const auto metadata = SafeTensors(path).metadata();
    const std::string key = "lora_adapter_metadata", where = path.string() + ": " + key;
    if (metadata.contains(key)) return scale(parse_json(metadata.at(key), where), model, where);
  }
  const auto config = path.parent_path() / "adapter_config.json";
  if (path.stem() == "adapter_model" && is_there(config)) return scale(read_json(config), "", config.string());
  return 1;
}

OPAD_ONCE LoraLayers read_lora_layers(const std::filesystem::path& path) {
  const std::string where = path.string();
  LoraLayers layers;
  for (const auto& [key, tensor] : read_weight_file(path)) {
    const LoraKey parsed = parse_lora_key(key, where);
    LoraLayer& layer = (parsed.text ? layers.text : layers.unet)[parsed.layer];
    if (parsed.part == LoraKey::Alpha) {
      require(tensor.numel() == 1, where, ": '", key, "' is ", tensor.sizes(), ", not one number");
      layer.alpha = tensor.item<double>();
      if (layer.key().empty()) layer.down_key = key;
      continue;
    }
    const bool down = parsed.part == LoraKey::Down;
    Tensor& part = down ? layer.down : layer.up;
    require(!part.defined(), where, ": '", key, "' comes twice, under two names");
    require(tensor.dim() == 2 || tensor.dim() == 4, where, ": '", key, "' is ", tensor.sizes(), ", no matrix");
    part = tensor;
    (down ? layer.down_key : layer.up_key) = key;
  }
  for (auto* const model : {&layers.unet, &layers.text}) {
    if (model->empty()) continue;
    const double scale = lora_scale(path, model == &layers.unet ? "unet." : "text_encoder.");
    for (auto& [name, layer] : *model)
      layer.scale =
          layer.alpha != 0 && layer.down.defined() ? layer.alpha / static_cast<double>(layer.down.size(0)) : scale;
  }
  return layers;
}

}  // namespace detail

OPAD_ONCE LoraFile read_lora_file(const std::filesystem::path& path, UNet2DConditionModel& unet) {
  const std::string where = path.string();
  const detail::LoraLayers layers = detail::read_lora_layers(path);
  for (const auto& [flat, layer] : layers.text)
    fail(where, ": '", layer.key(),
         "' changes the text encoder, which opad's LoRA leaves as it is; give a file for the U-Net alone, or give it "
         "to generate as --lora");
  std::map<std::string, std::pair<std::string, Tensor>> places;  // by the layer's name with _ for every .
  unet.for_each_attention([&](const std::string& layer, Attention& attention, bool) {
    for (const auto& [projection, linear] : {std::pair{".to_q", attention.to_q},
                                             {".to_k", attention.to_k},
                                             {".to_v", attention.to_v},
                                             {".to_out.0", attention.to_out}}) {
      std::string flat = layer + projection;
      std::ranges::replace(flat, '.', '_');
      places.emplace(flat, std::pair(layer + projection, linear->weight));
    }
  });

  LoraFile file;
  for (const auto& [flat, layer] : layers.unet) {
    const auto place = places.find(flat);
    if (place == places.end())
      fail(where, ": '", layer.key(),
           "' is of no attention projection of this U-Net; opad's LoRA changes to_q, to_k, to_v and to_out.0 alone "
           "(no feed-forward, convolution or proj_in), and the file must be made for this U-Net's layout; generate "
           "takes more as --lora");
    layer.check(where);
    const Tensor& weight = place->second.second;
    const auto fits = [&](const std::string& key, const Tensor& tensor, std::int64_t side) {
      const bool matrix = tensor.dim() == 2 || (tensor.size(2) == 1 && tensor.size(3) == 1);
      require(matrix && tensor.size(side) == weight.size(side) && tensor.size(1 - side) > 0, where, ": '", key, "' is ",
              tensor.sizes(), ", but this U-Net needs ", side == 1 ? "[rank, " : "[", weight.size(side),
              side == 1 ? "]" : ", rank]", "; was it made for another base model?");
    };
    fits(layer.down_key, layer.down, 1);
    fits(layer.up_key, layer.up, 0);
    file.rank = std::max(file.rank, layer.down.size(0));
  }
  require(file.rank > 0, where, ": holds no LoRA weights");
  for (const auto& [flat, place] : places) {
    const auto& [name, weight] = place;
    const auto options = torch::dtype(torch::kFloat32);
    Tensor a = torch::zeros({file.rank, weight.size(1)}, options),
           b = torch::zeros({weight.size(0), file.rank}, options);
    if (const auto found = layers.unet.find(flat); found != layers.unet.end()) {
      const auto& layer = found->second;
      const std::int64_t rank = layer.down.size(0);
      a.narrow(0, 0, rank).copy_(layer.down.flatten(1));
      b.narrow(1, 0, rank).copy_(layer.up.flatten(1)).mul_(layer.scale);
    }
    file.tensors.emplace("unet." + name + ".lora_A.weight", a);
    file.tensors.emplace("unet." + name + ".lora_B.weight", b);
  }
  return file;
}

OPAD_ONCE std::filesystem::path find_lora_file(const std::filesystem::path& path) {
  if (is_there(path) && !is_folder(path)) return path;
  require_folder(path, "give a LoRA's file or its folder");
  for (const char* const name : {"pytorch_lora_weights.safetensors", "pytorch_lora_weights.bin",
                                 "adapter_model.safetensors", "adapter_model.bin"})
    if (is_there(path / name)) return path / name;
  fail(path.string(), ": no LoRA here; looked for pytorch_lora_weights and adapter_model, .safetensors and .bin");
}

}  // namespace opad
