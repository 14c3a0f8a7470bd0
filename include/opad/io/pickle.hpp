#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include <opad/core/once.hpp>
#include <opad/core/tensor.hpp>
#include <opad/io/pickled.hpp>

namespace opad {

/// Reads a file of torch.save (.bin, .pt, .pth, .ckpt; PyTorch 1.6 or newer) that holds tensors and plain containers.
/// No code of the file is run: whatever else it asks for is refused by name. Tensors come as plain tensors on the CPU,
/// whatever device they were on and whether or not they were Parameters; several that share memory in the file share it
/// here.
Pickled read_pickle(const std::filesystem::path& path);

/// The tensors in it by name; those in nested containers as outer.inner, with a list's positions as names.
void collect_tensors(const Pickled& pickled, const std::string& prefix, Tensors& into, const std::string& where);

/// Both at once: the tensors of a file of torch.save by name.
Tensors read_pickle_tensors(const std::filesystem::path& path);

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/io/detail/pickle.hpp>
#endif
