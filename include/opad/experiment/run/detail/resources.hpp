#pragma once
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <thread>

#include <opad/core/error.hpp>
#include <opad/experiment/run/resources.hpp>

namespace opad {

OPAD_ONCE std::uint64_t memory_limit() {
  std::uint64_t most =
      static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGE_SIZE));
  if (std::uint64_t group = 0; std::ifstream("/sys/fs/cgroup/memory.max") >> group) most = std::min(most, group);
  rlimit own{};
  return ::getrlimit(RLIMIT_AS, &own) == 0 ? std::min<std::uint64_t>(most, own.rlim_cur) : most;
}

namespace detail {
inline double gibibytes(double bytes) { return std::ceil(bytes / (1 << 30) * 10) / 10; }
}  // namespace detail

OPAD_ONCE std::string memory_warning(std::int64_t stays, std::int64_t most, std::uint64_t limit) {
  const auto gibibytes = [](auto bytes) { return detail::gibibytes(static_cast<double>(bytes)); };
  if (static_cast<std::uint64_t>(stays) > limit)
    fail("--teacher, --student: the models and what trains of them take ", gibibytes(stays),
         " GiB of memory, and there are ", gibibytes(limit), "; give smaller models, or a larger machine");
  if (static_cast<std::uint64_t>(most) <= limit) return "";
  return c10::str("an iteration is predicted to take ", gibibytes(most), " GiB of memory, and there are ",
                  gibibytes(limit),
                  ": the system may end this run; --gradient-checkpointing yes, a smaller --batch-size or a smaller "
                  "--resolution takes less\n");
}

OPAD_ONCE void require_threads(std::int64_t threads) {
  const std::int64_t processors = std::thread::hardware_concurrency(), most = std::max<std::int64_t>(processors, 64);
  require(threads <= most, "--threads ", threads, ": this machine has ", processors, " processors; give at most ", most,
          ", or 0");
}

OPAD_ONCE ResidentBytes resident_bytes() {
  ResidentBytes bytes;
  std::ifstream status("/proc/self/status");
  std::int64_t kibibytes = 0;
  for (std::string word; status >> word;)
    if ((word == "VmRSS:" || word == "VmHWM:") && status >> kibibytes)
      (word == "VmRSS:" ? bytes.now : bytes.most) = kibibytes * 1024;
  return bytes;
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
  const auto most = static_cast<double>(memory_limit());
  if (pictures * each > most)
    fail("--", option, ": ", std::llround(pictures), pictures > 1 ? " pictures take" : " picture takes", " at least ",
         detail::gibibytes(pictures * each), " GiB of memory, and there are ", detail::gibibytes(most),
         "; give fewer, or smaller ones");
}

}  // namespace opad
