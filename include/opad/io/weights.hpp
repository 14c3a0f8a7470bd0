#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/core/tensor.hpp>
#include <opad/io/safetensors.hpp>

namespace opad {

/// The tensors of one weight file, by its ending: .safetensors, else PyTorch's (.bin, .pt, .pth, .ckpt). Throws for a
/// NaN or an infinity among them.
Tensors read_weight_file(const std::filesystem::path& path);

/// The tensors of a file in several parts: {"weight_map": {tensor name: file name}}. The parts lie beside the index.
Tensors read_sharded_weights(const std::filesystem::path& index_path);

/// The weights of a model folder as diffusers (stem "diffusion_pytorch_model") and transformers ("model") write them,
/// in the types that they are stored in. The first of these that is there: STEM.safetensors, its parts, its
/// half-precision variants, then the same as PyTorch's .bin (transformers calls that pytorch_model). The parts of a
/// variant have an index of two names: STEM.safetensors.index.fp16.json and, in older folders,
/// STEM.safetensors.fp16.index.json. Throws with all that was looked for.
Tensors read_weights(const std::filesystem::path& folder, const std::string& stem);

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/io/detail/weights.hpp>
#endif
