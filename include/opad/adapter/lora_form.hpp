#pragma once
#include <optional>
#include <string>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/models/unet_2d_condition.hpp>

namespace opad {

/// A change of a U-Net as a LoRA of one rank for all layers, to be written for other programs.
struct LoraForm {
  std::int64_t rank = 0;
  Tensors down, up;  // by layer ("down_blocks.0....to_q"): [rank, in], [out, rank]; of convolutions [rank, in, k, k],
                     // [out, rank, 1, 1]. The change is up down, nothing to be multiplied
  double error = 0;  // |change - LoRA| / |change| over all parameters (Frobenius); 0 for what was a LoRA already
  std::string worst_layer;
  double worst_error = 0;             // the same of the layer where it is largest
  std::vector<std::string> left_out;  // changed, but of one dimension (biases, norms): no LoRA holds them

  /// As PEFT and diffusers name it ("unet.<layer>.lora_A.weight"), in which alpha = rank goes without saying.
  Tensors peft() const;
  /// As kohya's scripts, ComfyUI and web UIs name it ("lora_unet_<layer>.lora_down.weight"), with an alpha that equals
  /// the rank for each layer: programs differ in what they do with several.
  Tensors kohya() const;
};

/// The LoRA that is installed in a U-Net, exactly; none where something else is.
std::optional<LoraForm> installed_lora(UNet2DConditionModel& unet);

/// The LoRA that comes closest to a change in the least-squares sense: each layer's difference cut off after its `rank`
/// largest singular values (Eckart and Young, "The approximation of one matrix by another of lower rank",
/// Psychometrika 1936). A layer that has fewer is filled up with zeros.
///   before, after  a U-Net's parameters by name, of the same names and shapes;   rank  1 or more
LoraForm nearest_lora(const Tensors& before, const Tensors& after, std::int64_t rank);

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/adapter/detail/lora_form.hpp>
#endif
