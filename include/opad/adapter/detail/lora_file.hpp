#pragma once
#include <opad/adapter/lora_file.hpp>

namespace opad {

OPAD_ONCE LoraFile read_lora_file(const std::filesystem::path& path, UNet2DConditionModel& unet) {
  const std::string where = path.string();
  struct Place {
    std::string name;
    Tensor weight, down, up;
    double alpha = 0;
  };
  std::map<std::string, Place> places;  // by the layer's name with _ for every .
  unet.for_each_attention([&](const std::string& layer, Attention& attention, bool) {
    for (const auto& [projection, linear] : {std::pair{".to_q", attention.to_q},
                                             {".to_k", attention.to_k},
                                             {".to_v", attention.to_v},
                                             {".to_out.0", attention.to_out}}) {
      std::string flat = layer + projection;
      std::ranges::replace(flat, '.', '_');
      places.emplace(flat, Place{layer + projection, linear->weight, {}, {}});
    }
  });

  for (const auto& [key, tensor] : read_weight_file(path)) {
    const detail::LoraKey parsed = detail::parse_lora_key(key, where);
    const auto found = places.find(parsed.layer);
    if (found == places.end())
      fail(where, ": '", key,
           "' is of no attention projection of this U-Net; opad's LoRA changes to_q, to_k, to_v and ",
           "to_out.0 alone (no feed-forward, convolution or proj_in), and the file must be made for this U-Net's "
           "layout");
    Place& place = found->second;
    if (parsed.part == detail::LoraKey::Alpha) {
      require(tensor.numel() == 1, where, ": '", key, "' is ", tensor.sizes(), ", not one number");
      place.alpha = tensor.item<double>();
      continue;
    }
    const bool down = parsed.part == detail::LoraKey::Down;
    const std::int64_t side = down ? 1 : 0, width = place.weight.size(side);
    const bool convolution = tensor.dim() == 4 && tensor.size(2) == 1 && tensor.size(3) == 1;
    const Tensor matrix = convolution ? tensor.flatten(1) : tensor;
    require(matrix.dim() == 2 && matrix.size(side) == width && matrix.size(1 - side) > 0, where, ": '", key, "' is ",
            tensor.sizes(), ", but this U-Net needs ", down ? "[rank, " : "[", width, down ? "]" : ", rank]",
            "; was it made for another base model?");
    Tensor& part = down ? place.down : place.up;
    require(!part.defined(), where, ": '", key, "' comes twice, under two names");
    part = matrix;
  }

  LoraFile file;
  for (const auto& [flat, place] : places) {
    require(place.down.defined() == place.up.defined() && (place.down.defined() || place.alpha == 0), where,
            ": the LoRA of '", place.name, "' lacks one of its two matrices");
    if (!place.down.defined()) continue;
    require(place.down.size(0) == place.up.size(1), where, ": the two matrices of '", place.name, "' have the ranks ",
            place.down.size(0), " and ", place.up.size(1));
    file.rank = std::max(file.rank, place.down.size(0));
  }
  require(file.rank > 0, where, ": holds no LoRA weights");
  const double scale = detail::lora_scale(path);
  for (const auto& [flat, place] : places) {
    const auto options = torch::dtype(torch::kFloat32);
    Tensor a = torch::zeros({file.rank, place.weight.size(1)}, options),
           b = torch::zeros({place.weight.size(0), file.rank}, options);
    if (place.down.defined()) {
      const std::int64_t rank = place.down.size(0);
      a.narrow(0, 0, rank).copy_(place.down);
      b.narrow(1, 0, rank).copy_(place.up).mul_(place.alpha != 0 ? place.alpha / static_cast<double>(rank) : scale);
    }
    file.tensors.emplace("unet." + place.name + ".lora_A.weight", a);
    file.tensors.emplace("unet." + place.name + ".lora_B.weight", b);
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
