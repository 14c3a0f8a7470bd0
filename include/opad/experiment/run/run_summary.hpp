#pragma once
#include <sys/resource.h>

#include <chrono>
#include <filesystem>

#include <opad/io/json.hpp>
#include <opad/space/passes.hpp>

namespace opad {

/// What a run cost, as summary.json in its folder: iterations and seconds of this process (a resumed run counts what it
/// did itself), seconds per iteration, peak memory, and the passes through each network in the last iteration.
class RunSummary {
 public:
  /// Before an iteration: passes are counted anew.
  void begin_iteration(Passes& passes) {
    passes.clear();
    begin_ = std::chrono::steady_clock::now();
  }
  void end_iteration(const Passes& passes) {
    seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
    ++iterations_;
    counts_ = passes.counts();
  }
  void write(const std::filesystem::path& run) const {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    Json passes = Json::object();
    for (const auto& [network, count] : counts_)
      passes[network] = {{"forward", count.forward}, {"backward", count.backward}};
    write_json(run / "summary.json",
               {{"iterations", iterations_},
                {"seconds", seconds_},
                {"seconds per iteration", iterations_ > 0 ? Json(seconds_ / static_cast<double>(iterations_)) : Json()},
                {"peak memory in MiB", usage.ru_maxrss / 1024},
                {"passes per iteration", passes}});
  }

 private:
  std::chrono::steady_clock::time_point begin_;
  double seconds_ = 0;
  std::int64_t iterations_ = 0;
  std::map<std::string, Passes::Count> counts_;
};

}  // namespace opad
