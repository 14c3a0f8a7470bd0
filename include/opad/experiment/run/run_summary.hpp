#pragma once
#include <sys/resource.h>
#include <torch/version.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <numeric>
#include <vector>

#if TORCH_VERSION_MAJOR > 2 || TORCH_VERSION_MINOR >= 9  // what all devices' allocators have in common
#include <c10/core/CachingDeviceAllocator.h>
#define OPAD_DEVICE_MEMORY
#endif

#include <opad/core/tensor.hpp>
#include <opad/io/json.hpp>
#include <opad/space/passes.hpp>

namespace opad {

/// What a run cost, as summary.json in its folder: iterations and seconds of this process (a resumed run counts what it
/// did itself), seconds per iteration, the median of them and of the processors' seconds (which neighbours on a busy
/// machine change little), peak memory, that of the device where there is one (tensors, and what LibTorch reserved for
/// them), and the passes through each network in the last iteration.
class RunSummary {
 public:
  /// Before an iteration: passes are counted anew.
  void begin_iteration(Passes& passes) {
    passes.clear();
    begin_ = std::chrono::steady_clock::now(), begin_processor_ = std::clock();
  }
  void end_iteration(const Passes& passes) {
    wall_.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count());
    processor_.push_back(static_cast<double>(std::clock() - begin_processor_) / CLOCKS_PER_SEC);
    counts_ = passes.counts();
  }
  Json json([[maybe_unused]] torch::Device device) const {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    Json passes = Json::object();
    for (const auto& [network, count] : counts_)
      passes[network] = {{"forward", count.forward}, {"backward", count.backward}};
    const double seconds = std::accumulate(wall_.begin(), wall_.end(), 0.0);
    Json summary = {
        {"iterations", wall_.size()},
        {"seconds", seconds},
        {"seconds per iteration", wall_.empty() ? Json() : Json(seconds / static_cast<double>(wall_.size()))},
        {"median seconds per iteration", median(wall_)},
        {"median processor seconds per iteration", median(processor_)},
        {"peak memory in MiB", usage.ru_maxrss / 1024},
        {"passes per iteration", passes}};
#ifdef OPAD_DEVICE_MEMORY
    if (auto* const memory =
            device.is_cpu() ? nullptr : dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(device.type()))) {
      const auto stats = memory->getDeviceStats(device.has_index() ? device.index() : 0);
      const auto mebibytes = [](const auto& stat) { return stat[0].peak >> 20; };  // [0]: of all its pools
      summary["peak memory of the device in MiB"] = mebibytes(stats.allocated_bytes);
      summary["peak reserved memory of the device in MiB"] = mebibytes(stats.reserved_bytes);
    }
#endif
    return summary;
  }

 private:
  static Json median(std::vector<double> values) {
    if (values.empty()) return {};
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  }

  std::chrono::steady_clock::time_point begin_;
  std::clock_t begin_processor_ = 0;
  std::vector<double> wall_, processor_;  // of each iteration
  std::map<std::string, Passes::Count> counts_;
};

}  // namespace opad
