#pragma once
#include <algorithm>
#include <cmath>

#include <opad/adapter/lora.hpp>
#include <opad/adapter/lora_form.hpp>

namespace opad {

OPAD_ONCE Tensors LoraForm::peft() const {
  Tensors out;
  for (const auto& [layer, tensor] : down) {
    out.emplace("unet." + layer + ".lora_A.weight", tensor);
    out.emplace("unet." + layer + ".lora_B.weight", up.at(layer));
  }
  return out;
}

OPAD_ONCE Tensors LoraForm::kohya() const {
  Tensors out;
  for (const auto& [layer, tensor] : down) {
    std::string key = "lora_unet_" + layer;
    std::ranges::replace(key, '.', '_');
    out.emplace(key + ".lora_down.weight", tensor);
    out.emplace(key + ".lora_up.weight", up.at(layer));
    out.emplace(key + ".alpha", torch::tensor(static_cast<float>(rank)));
  }
  return out;
}

OPAD_ONCE std::optional<LoraForm> installed_lora(UNet2DConditionModel& unet) {
  LoraForm form;
  bool all = true;
  unet.for_each_attention([&](const std::string& name, Attention& attention, bool) {
    const auto* const lora = dynamic_cast<const LoraProcessor*>(attention.processor().get());
    all = all && lora;
    if (!lora) return;
    for (const auto& [projection, low] :
         {std::pair{".to_q", lora->to_q}, {".to_k", lora->to_k}, {".to_v", lora->to_v}, {".to_out.0", lora->to_out}}) {
      form.rank = low->lora_A->weight.size(0);
      form.down.emplace(name + projection, low->lora_A->weight.detach());
      form.up.emplace(name + projection, low->lora_B->weight.detach() * lora->scale);
    }
  });
  return all && form.rank > 0 ? std::optional(form) : std::nullopt;
}

OPAD_ONCE LoraForm nearest_lora(const Tensors& before, const Tensors& after, std::int64_t rank) {
  require(rank > 0, "a LoRA of rank ", rank, "; give 1 or more");
  LoraForm form;
  form.rank = rank;
  double whole = 0, lost = 0;
  for (const auto& [name, now] : after) {
    const Tensor change = (now - before.at(name)).detach().to(torch::kFloat64);
    const double size = change.square().sum().item<double>();
    if (size == 0) continue;
    whole += size;
    if (change.dim() < 2 || !name.ends_with(".weight")) {
      form.left_out.push_back(name);
      lost += size;
      continue;
    }
    const auto [u, s, v] = at::linalg_svd(change.flatten(1), false);  // [out, m], [m], [m, in]
    const std::int64_t kept = std::min(rank, s.size(0)), missing = rank - kept;
    const Tensor root = s.narrow(0, 0, kept).sqrt();
    const auto filled = [&](const Tensor& part, std::vector<std::int64_t> padding) {
      return at::constant_pad_nd(part, padding).to(torch::kFloat32).contiguous();
    };
    Tensor up = filled(u.narrow(1, 0, kept) * root, {0, missing}),
           down = filled(root.unsqueeze(1) * v.narrow(0, 0, kept), {0, 0, 0, missing});
    if (change.dim() == 4) {
      up = up.unsqueeze(-1).unsqueeze(-1);
      down = down.reshape({rank, change.size(1), change.size(2), change.size(3)});
    }
    const std::string layer = name.substr(0, name.size() - 7);
    form.up.emplace(layer, up), form.down.emplace(layer, down);
    const double rest = s.narrow(0, kept, s.size(0) - kept).square().sum().item<double>();
    lost += rest;
    if (const double error = std::sqrt(rest / size); form.worst_layer.empty() || error > form.worst_error)
      form.worst_layer = layer, form.worst_error = error;
  }
  form.error = whole > 0 ? std::sqrt(lost / whole) : 0;
  return form;
}

}  // namespace opad
