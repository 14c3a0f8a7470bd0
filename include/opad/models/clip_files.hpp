#pragma once
#include <filesystem>

#include <opad/core/once.hpp>
#include <opad/io/weights.hpp>
#include <opad/models/config.hpp>

namespace opad {

/// The config of one of CLIP's two towers: config.json itself, or the part of a whole CLIP model's file under that
/// tower's key.
///   tower  "text" or "vision"
Json read_clip_config(const std::filesystem::path& folder, const std::string& tower);

/// The weights of one tower under the names of transformers 4, which begin with "text_model." or "vision_model."
/// (transformers 5 leaves that out), without what a file may hold beside them: the other tower, old files' buffer
/// "position_ids".
Tensors read_clip_weights(const std::filesystem::path& folder, const std::string& tower);

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/models/detail/clip_files.hpp>
#endif
