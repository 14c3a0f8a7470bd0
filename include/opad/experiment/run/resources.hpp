#pragma once
#include <cstdint>
#include <string>

#include <opad/core/once.hpp>
#include <opad/models/unet_2d_condition_config.hpp>

namespace opad {

/// Throws for more threads than --threads may ask for: this machine's processors, or 64 on a smaller one. Where the
/// system refuses to make a thread, the program would end at once.
void require_threads(std::int64_t threads);

/// Bytes of this process in memory, now and at most so far (VmRSS, VmHWM); 0 where the system does not say.
struct ResidentBytes {
  std::int64_t now = 0, most = 0;
};
/// Asks the system.
ResidentBytes resident_bytes();

/// Bytes that a picture takes as numbers.  [3, side, side] float32
double bytes_of_picture(std::int64_t side);

/// Bytes that a picture of a batch takes at least while a U-Net learns from it: the feature maps that the convolutions
/// of its levels keep for the way back (4 for each of their layers, without attention).
///   latent_side  of its latent
double bytes_of_learning(const UNet2DConditionConfig& unet, std::int64_t latent_side);

/// Throws where so many pictures cannot fit into this machine's memory, or into what `ulimit -v` leaves, with the
/// estimate.
///   option  that asks for them: "batch-size";   each  bytes of one
void require_room(const char* option, double pictures, double each);

/// Bytes that this process can have at most: the machine's, its control group's, or what `ulimit -v` leaves.
std::uint64_t memory_limit();

/// A line that says that so many bytes at most are more than there are; empty where they are not. Throws where what
/// stays in memory is more than there is, before any iteration has room.
std::string memory_warning(std::int64_t stays, std::int64_t most, std::uint64_t limit);

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/experiment/run/detail/resources.hpp>
#endif
