#pragma once
#include <cstdint>

#include <opad/core/once.hpp>
#include <opad/models/unet_2d_condition_config.hpp>

namespace opad {

/// Throws for more threads than --threads may ask for: this machine's processors, or 64 on a smaller one. Where the
/// system refuses to make a thread, the program would end at once.
void require_threads(std::int64_t threads);

/// Bytes that a picture of a batch takes at least while a U-Net learns from it: the picture itself, and the feature
/// maps that the convolutions of its levels keep for the way back (4 for each of their layers, without attention).
///   side  of the picture;   latent_side  of its latent
std::uint64_t bytes_of_picture(const UNet2DConditionConfig& unet, std::int64_t side, std::int64_t latent_side);

/// Throws where a batch cannot fit into memory, with the estimate.
///   pictures  of a batch, class pictures included;   each  bytes of one
void require_room(std::int64_t pictures, std::uint64_t each);

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/experiment/run/detail/resources.hpp>
#endif
