#pragma once
#include <boost/hana.hpp>

#include <opad/adapter/adapter.hpp>

namespace lab {

/// One factor for each head of every attention layer, and nothing else: how much each head's answer counts. A few
/// hundred numbers, which fold into the output projections.
/// Michel et al., "Are Sixteen Heads Really Better than One?", NeurIPS 2019, arXiv 1905.10650 (there to prune heads).
///   cross_only   leaves self-attention as it is
struct HeadScales {
  static constexpr std::string_view name = "head-scales";
  static constexpr const char* file = "head_scales.safetensors";
  bool cross_only = false;

  struct Processor : opad::AttentionProcessor {
    opad::Tensor scale;  // [heads]
    explicit Processor(const opad::Attention& attention)
        : scale(register_parameter("scale", torch::ones({attention.heads}, attention.to_q->weight.options()))) {}
    opad::Tensor operator()(opad::Attention& attention, const opad::Tensor& x, const opad::Tensor& words) override {
      const opad::Tensor answers = opad::attend(attention.to_q->forward(x), attention.to_k->forward(words),
                                                attention.to_v->forward(words), attention.heads);
      return attention.to_out->forward((answers.unflatten(2, {attention.heads, -1}) * scale.unsqueeze(1)).flatten(2));
    }
  };

  opad::NamedTensors install(opad::UNet2DConditionModel& unet) const {
    opad::remove_adapter(unet);
    unet.for_each_attention([&](const std::string&, opad::Attention& attention, bool cross) {
      if (cross || !cross_only) attention.set_processor(std::make_shared<Processor>(attention));
    });
    return opad::processor_parameters(unet);
  }
  void save(opad::UNet2DConditionModel& unet, const std::filesystem::path& folder) const {
    opad::Tensors tensors;
    for (const auto& [key, parameter] : opad::processor_parameters(unet)) tensors.emplace(key, parameter.detach());
    opad::save_safetensors(folder / file, tensors);
  }
  void load(opad::UNet2DConditionModel& unet, const std::filesystem::path& folder) const {
    if (opad::processor_parameters(unet).empty()) install(unet);
    opad::copy_into(opad::processor_parameters(unet), opad::SafeTensors(folder / file).tensors(), folder.string());
  }
  void merge(opad::UNet2DConditionModel& unet) const {
    torch::NoGradGuard no_grad;
    unet.for_each_attention([](const std::string&, opad::Attention& attention, bool) {
      if (const auto* processor = dynamic_cast<const Processor*>(attention.processor().get()))
        attention.to_out->weight.unflatten(1, {attention.heads, -1}).mul_(processor->scale.unsqueeze(1));
    });
    opad::remove_adapter(unet);
  }
};
static_assert(opad::Adapter<HeadScales>);

}  // namespace lab

BOOST_HANA_ADAPT_STRUCT(lab::HeadScales, cross_only);
