#pragma once
#include <opad/adapter/lora.hpp>

namespace opad {

OPAD_ONCE NamedTensors LowRankAdapter::install(UNet2DConditionModel& unet) const {
  check();
  remove_adapter(unet);
  unet.for_each_attention([&](const std::string& layer, Attention& attention, bool) {
    const std::int64_t narrowest = std::min(attention.to_q->weight.size(0), attention.to_k->weight.size(1));
    require(rank <= narrowest, "Lora: rank ", rank, " is more than the ", narrowest, " channels of '", layer,
            "'; give a smaller rank");
    attention.set_processor(std::make_shared<LoraProcessor>(attention, rank, alpha / static_cast<double>(rank)));
  });
  const Random random(static_cast<std::uint64_t>(seed));
  torch::NoGradGuard no_grad;
  const NamedTensors parameters = named(unet);
  for (const auto& [key, parameter] : parameters) {
    if (key.ends_with(".lora_B.weight")) Tensor(parameter).zero_();
    else
      Tensor(parameter).copy_((2 * random.stream(key).uniform(parameter.sizes()) - 1) /
                              std::sqrt(static_cast<double>(parameter.size(1))));
  }
  return parameters;
}

OPAD_ONCE void LowRankAdapter::save(UNet2DConditionModel& unet, const std::filesystem::path& folder) const {
  Tensors tensors;
  const double scale = installed_scale(unet);
  for (const auto& [key, parameter] : named(unet))
    tensors.emplace(key, key.ends_with(".lora_B.weight") ? parameter.detach() * scale : parameter.detach());
  save_safetensors(folder / file_name, tensors, {}, Numbers::Finite);
}

OPAD_ONCE void LowRankAdapter::load(UNet2DConditionModel& unet, const std::filesystem::path& folder) const {
  const auto path = find_lora_file(folder);
  LoraFile file = read_lora_file(path, unet);
  if (!is_installed(unet)) install(unet);
  if (const double scale = installed_scale(unet); scale != 1)
    for (auto& [key, tensor] : file.tensors)
      if (key.ends_with(".lora_B.weight")) tensor.div_(scale);
  copy_into(named(unet), file.tensors, path.string());
}

OPAD_ONCE void LowRankAdapter::merge(UNet2DConditionModel& unet) const {
  installed_scale(unet);
  unet.for_each_attention([](const std::string&, Attention& attention, bool) {
    dynamic_cast<const LoraProcessor&>(*attention.processor()).merge_into(attention);
  });
  remove_adapter(unet);
}

OPAD_ONCE NamedTensors LowRankAdapter::named(UNet2DConditionModel& unet) {
  NamedTensors parameters = processor_parameters(unet);
  for (auto& [key, parameter] : parameters) key = "unet." + key.replace(key.find(".processor."), 11, ".");
  return parameters;
}

OPAD_ONCE bool LowRankAdapter::is_installed(UNet2DConditionModel& unet) {
  bool all = true;
  unet.for_each_attention([&](const std::string&, Attention& attention, bool) {
    all = all && dynamic_cast<const LoraProcessor*>(attention.processor().get());
  });
  return all;
}

OPAD_ONCE double LowRankAdapter::installed_scale(UNet2DConditionModel& unet) {
  require(is_installed(unet), "Lora: the U-Net has no LoRA weights; install or load the adapter first");
  double scale = 1;
  unet.for_each_attention([&](const std::string&, Attention& attention, bool) {
    scale = dynamic_cast<const LoraProcessor&>(*attention.processor()).scale;
  });
  return scale;
}

}  // namespace opad
