#pragma once
#include <opad/adapter/add_lora.hpp>
#include <opad/adapter/custom_diffusion.hpp>
#include <opad/adapter/lora.hpp>
#include <opad/models/single_file.hpp>

namespace opad {

OPAD_ONCE void merge_adapter(UNet2DConditionModel& unet) {
  unet.for_each_attention([](const std::string& name, Attention& attention, bool) {
    const auto* const processor = attention.processor().get();
    if (const auto* const lora = dynamic_cast<const LoraProcessor*>(processor)) lora->merge_into(attention);
    else if (const auto* const custom = dynamic_cast<const CustomDiffusionProcessor*>(processor))
      custom->merge_into(attention);
    else require(!processor, "merge_adapter: what is installed in '", name, "' cannot be merged");
  });
  remove_adapter(unet);
}

OPAD_ONCE void add_lora(UNet2DConditionModel& unet, CLIPTextModel& text, const WeightedLora& lora) {
  const auto path = find_lora_file(lora.file);
  const std::string where = path.string();
  require(std::isfinite(lora.weight), where, ": the weight ", lora.weight, " is no number to multiply with");
  const detail::LoraLayers layers = detail::read_lora_layers(path);
  require(!layers.unet.empty() || !layers.text.empty(), where, ": holds no LoRA weights");

  using Places = std::map<std::string, Tensor>;  // a layer's weight by its name with _ for every .
  const auto add = [](Places& places, std::string name, const Tensor& weight) {
    if (!name.ends_with(".weight") || weight.dim() < 2) return;
    name.resize(name.size() - 7);
    std::ranges::replace(name, '.', '_');
    places.emplace(name, weight);
  };
  Places of_unet, of_text;
  for (const auto& item : text.named_parameters()) add(of_text, item.key(), item.value());
  const auto originals = original_unet_names(unet);
  for (const auto& item : unet.named_parameters()) {
    add(of_unet, item.key(), item.value());
    add(of_unet, originals.at(item.key()), item.value());
  }

  std::vector<std::pair<Tensor, const detail::LoraLayer*>> changes;
  const auto match = [&](const auto& part, const Places& places, const char* model) {
    for (const auto& [flat, layer] : part) {
      const auto place = places.find(flat);
      if (place == places.end())
        fail(where, ": '", layer.key(), "' is of no layer of this ", model, "; was it made for another base model?");
      layer.check(where);
      const Tensor& weight = place->second;
      const std::int64_t rank = layer.down.size(0), in = weight.numel() / weight.size(0);
      const auto fits = [&](const std::string& key, const Tensor& tensor, bool right) {
        require(right && rank > 0, where, ": '", key, "' is ", tensor.sizes(),
                ", but the weight of that layer of this ", model, " is ", weight.sizes(),
                "; was it made for another base model?");
      };
      fits(layer.down_key, layer.down, layer.down.numel() == rank * in);
      fits(layer.up_key, layer.up, layer.up.size(0) == weight.size(0) && layer.up.numel() == rank * weight.size(0));
      for (const auto& [other, its] : changes)
        require(!other.is_same(weight), where, ": '", layer.key(), "' and '", its->key(), "' are the same layer");
      changes.emplace_back(weight, &layer);
    }
  };
  match(layers.unet, of_unet, "U-Net");
  match(layers.text, of_text, "text encoder");
  torch::NoGradGuard no_grad;
  merge_adapter(unet);
  for (auto& [weight, layer] : changes) {
    const Tensor change = at::mm(layer->up.flatten(1).to(torch::kFloat32), layer->down.flatten(1).to(torch::kFloat32));
    weight.add_(change.reshape(weight.sizes()).to(weight.device()), lora.weight * layer->scale);
  }
}

}  // namespace opad
