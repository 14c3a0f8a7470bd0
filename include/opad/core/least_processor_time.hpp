#pragma once
#include <ctime>
#include <limits>

namespace opad {

/// Seconds of the process's processors that work() takes, the least of `rounds` after one that warms up. Processor
/// time, so that neighbours on a busy machine count little. Work of more than half a second is done once.
template <class Work>
double least_processor_time(const Work& work, int rounds = 3) {
  double best = std::numeric_limits<double>::infinity();
  for (int round = 0; round <= rounds; ++round) {
    const std::clock_t begin = std::clock();
    work();
    const double took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    if (round > 0) best = took < best ? took : best;
    if (took > 0.5) return took;
  }
  return best;
}

}  // namespace opad
