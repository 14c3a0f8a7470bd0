#pragma once
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include <opad/core/error.hpp>
#include <opad/experiment/run/resources.hpp>

namespace opad {

namespace detail {
/// Bytes that this process can have at most: the machine's, or what `ulimit -v` leaves it.
inline std::uint64_t memory_limit() {
  const auto machine = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                       static_cast<std::uint64_t>(::sysconf(_SC_PAGE_SIZE));
  rlimit own{};
  return ::getrlimit(RLIMIT_AS, &own) == 0 ? std::min<std::uint64_t>(machine, own.rlim_cur) : machine;
}
}  // namespace detail

OPAD_ONCE void require_threads(std::int64_t threads) {
  const std::int64_t processors = std::thread::hardware_concurrency(), most = std::max<std::int64_t>(processors, 64);
  require(threads <= most, "--threads ", threads, ": this machine has ", processors, " processors; give at most ",
          most, ", or 0");
}

OPAD_ONCE std::uint64_t bytes_of_picture(const UNet2DConditionConfig& unet, std::int64_t side,
                                         std::int64_t latent_side) {
  std::uint64_t numbers = 3 * static_cast<std::uint64_t>(side * side);
  const auto& layers = unet.layers_per_block;
  for (std::size_t i = 0; i < unet.block_out_channels.size(); ++i) {
    const std::int64_t level_side = std::max<std::int64_t>(latent_side >> i, 1),
                       down = layers.size() > 1 ? layers.at(i) : layers.at(0), up = down + 1;
    numbers += static_cast<std::uint64_t>(4 * (down + up) * unet.block_out_channels[i] * level_side * level_side);
  }
  return numbers * sizeof(float);
}

OPAD_ONCE void require_room(std::int64_t pictures, std::uint64_t each) {
  const std::uint64_t most = detail::memory_limit();
  const auto gibibytes = [](double bytes) { return std::ceil(bytes / (1 << 30) * 10) / 10; };
  const double wanted = static_cast<double>(pictures) * static_cast<double>(each);
  require(wanted <= static_cast<double>(most), "--batch-size: a batch of ", pictures, " pictures takes at least ",
          gibibytes(wanted), " GiB of memory, and there are ", gibibytes(static_cast<double>(most)),
          "; give fewer, and --accumulation for the pictures of an update");
}

}  // namespace opad
