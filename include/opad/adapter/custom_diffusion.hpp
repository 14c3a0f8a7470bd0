#pragma once
#include <opad/adapter/adapter.hpp>
#include <opad/core/once.hpp>

namespace opad {

/// What Custom Diffusion trains of every cross-attention: keys and values ("crossattn_kv" of diffusers).
struct KeyValue {
  static constexpr std::string_view name = "custom-diffusion-kv";
  static constexpr bool query_out = false;
};
/// Keys, values, queries and output projections, the latter with their bias ("crossattn" of diffusers).
struct QueryKeyValueOut {
  static constexpr std::string_view name = "custom-diffusion-qkvo";
  static constexpr bool query_out = true;
};

/// Cross-attention with trainable copies of its projections. Key and value of the first text position (the start token)
/// are detached: the same values, without gradient, as in diffusers' CustomDiffusionAttnProcessor.
struct CustomDiffusionProcessor : AttentionProcessor {
  std::shared_ptr<LinearLayer> to_k, to_v, to_q, to_out;  // the last two only with query_out

  CustomDiffusionProcessor(const Attention& attention, bool query_out)
      : to_k(register_module("to_k_custom_diffusion", trainable_copy(*attention.to_k))),
        to_v(register_module("to_v_custom_diffusion", trainable_copy(*attention.to_v))) {
    if (!query_out) return;
    to_q = register_module("to_q_custom_diffusion", trainable_copy(*attention.to_q));
    to_out = register_module("to_out_custom_diffusion", std::make_shared<torch::nn::Module>())
                 ->register_module("0", trainable_copy(*attention.to_out));
  }

  Tensor operator()(Attention& attention, const Tensor& hidden_states, const Tensor& encoder_hidden_states) override {
    const LinearLayer &query = to_q ? *to_q : *attention.to_q, &out = to_out ? *to_out : *attention.to_out;
    return out.forward(attend(query.forward(hidden_states), first_detached(to_k->forward(encoder_hidden_states)),
                              first_detached(to_v->forward(encoder_hidden_states)), attention.heads));
  }

  /// Writes the trained projections into the layer's own.
  void merge_into(Attention& attention) const {
    torch::NoGradGuard no_grad;
    attention.to_k->weight.copy_(to_k->weight);
    attention.to_v->weight.copy_(to_v->weight);
    if (!to_q) return;
    attention.to_q->weight.copy_(to_q->weight);
    attention.to_out->weight.copy_(to_out->weight);
    attention.to_out->bias.copy_(to_out->bias);
  }

 private:
  static std::shared_ptr<LinearLayer> trainable_copy(const LinearLayer& from) {
    auto copy = std::make_shared<LinearLayer>(from.weight.size(1), from.weight.size(0), from.bias.defined());
    copy->weight.set_data(from.weight.detach().clone());
    if (from.bias.defined()) copy->bias.set_data(from.bias.detach().clone());
    for (auto& parameter : copy->parameters()) parameter.set_requires_grad(true);
    return copy;
  }
  static Tensor first_detached(const Tensor& x) {  // [B, L, inner]
    if (!x.requires_grad()) return x;
    return at::cat({x.narrow(1, 0, 1).detach(), x.narrow(1, 1, x.size(1) - 1)}, 1);
  }
};

/// diffusers' file names, without ending.
inline constexpr const char* custom_diffusion_stem = "pytorch_custom_diffusion_weights";

/// Puts trainable copies into every cross-attention, in the place of any other adapter.
///   query_out  of queries and outputs, too
/// Returns what trains, under diffusers' names.
NamedTensors install_custom_diffusion(UNet2DConditionModel& unet, bool query_out);

/// Writes pytorch_custom_diffusion_weights.safetensors. diffusers' loader wants an entry for every attention layer: the
/// untouched self-attentions get an empty tensor.
void save_custom_diffusion(UNet2DConditionModel& unet, const std::filesystem::path& folder);

/// Loads the tensors of a Custom Diffusion file. Installs what they need (with or without queries and outputs) unless
/// it is there.
void load_custom_diffusion(UNet2DConditionModel& unet, Tensors tensors, const std::string& where);

/// path  a Custom Diffusion file (.safetensors or PyTorch's .bin), or a folder that holds one under diffusers' name
void load_custom_diffusion(UNet2DConditionModel& unet, const std::filesystem::path& path);

/// Writes the trained projections into the U-Net's own, and takes the adapter out. Throws where none is installed.
void merge_custom_diffusion(UNet2DConditionModel& unet);

/// Trainable copies of the cross-attentions' projections, starting from the pretrained ones; everything else is frozen.
/// Kumari et al., "Multi-Concept Customization of Text-to-Image Diffusion", CVPR 2023, arXiv 2212.04488.
///   What  KeyValue (the paper's and the default) or QueryKeyValueOut
template <class What = KeyValue>
struct CustomDiffusion {
  static constexpr std::string_view name = What::name;
  NamedTensors install(UNet2DConditionModel& unet) const { return install_custom_diffusion(unet, What::query_out); }
  void save(UNet2DConditionModel& unet, const std::filesystem::path& folder) const {
    save_custom_diffusion(unet, folder);
  }
  void load(UNet2DConditionModel& unet, const std::filesystem::path& folder) const {
    load_custom_diffusion(unet, folder);
  }
  void merge(UNet2DConditionModel& unet) const { merge_custom_diffusion(unet); }
};
static_assert(Adapter<CustomDiffusion<KeyValue>> && Adapter<CustomDiffusion<QueryKeyValueOut>>);

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/adapter/detail/custom_diffusion.hpp>
#endif
