#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <opad/core/once.hpp>
#include <opad/core/tensor.hpp>

namespace opad {

/// By what contents are known: XXH3-64 as 16 hexadecimal digits, as xxhsum prints it.
std::string digest(std::string_view bytes);

/// Of tensors: their names, types, shapes and bytes, in the order of the names.
std::string digest(const Tensors& tensors);

/// Of the small files that say how a model's weights are used: the .json and .txt files of a folder and of the folders
/// in it, by name. JSON counts by its values, without keys that begin with an underscore, which say where a model is
/// from; indices of shards say nothing about a model and are left out. A path that is no folder counts as one without
/// such files.
std::string digest_of_texts(const std::filesystem::path& folder);

/// Of all regular files of a folder, by name and byte.
std::string digest_of_files(const std::filesystem::path& folder);

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/io/detail/digest.hpp>
#endif
