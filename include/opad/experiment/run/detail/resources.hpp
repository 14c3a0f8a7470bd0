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
  const auto machine =
      static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGE_SIZE));
  rlimit own{};
  return ::getrlimit(RLIMIT_AS, &own) == 0 ? std::min<std::uint64_t>(machine, own.rlim_cur) : machine;
}
}  // namespace detail

OPAD_ONCE void require_threads(std::int64_t threads) {
  const std::int64_t processors = std::thread::hardware_concurrency(), most = std::max<std::int64_t>(processors, 64);
  require(threads <= most, "--threads ", threads, ": this machine has ", processors, " processors; give at most ", most,
          ", or 0");
}

OPAD_ONCE double bytes_of_picture(std::int64_t side) {
  return 3.0 * sizeof(float) * static_cast<double>(side) * static_cast<double>(side);
}

OPAD_ONCE double bytes_of_learning(const UNet2DConditionConfig& unet, std::int64_t latent_side) {
  double numbers = 0;
  const auto& layers = unet.layers_per_block;
  for (std::size_t i = 0; i < unet.block_out_channels.size(); ++i) {
    const auto down = static_cast<double>(layers.size() > 1 ? layers.at(i) : layers.at(0)), up = down + 1,
               side = static_cast<double>(std::max<std::int64_t>(latent_side >> i, 1));
    numbers += 4 * (down + up) * static_cast<double>(unet.block_out_channels[i]) * side * side;
  }
  return numbers * sizeof(float);
}

OPAD_ONCE void require_room(const char* option, double pictures, double each) {
  const auto most = static_cast<double>(detail::memory_limit());
  const auto gibibytes = [](double bytes) { return std::ceil(bytes / (1 << 30) * 10) / 10; };
  if (pictures * each > most)
    fail("--", option, ": ", std::llround(pictures), pictures > 1 ? " pictures take" : " picture takes", " at least ",
         gibibytes(pictures * each), " GiB of memory, and there are ", gibibytes(most),
         "; give fewer, or smaller ones");
}

}  // namespace opad
