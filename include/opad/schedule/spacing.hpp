#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <opad/core/error.hpp>

namespace opad {

/// Which of the T training steps a sampler visits (Lin et al., arXiv 2305.08891, table 2). T = 1000, 4 steps:
///   Leading   750 500 250 0       multiples of T/n, plus steps_offset; never the noisiest
///   Trailing  999 749 499 249     back from the noisiest
///   Linspace  999 666 333 0       both ends
enum class Spacing { Leading, Trailing, Linspace };

/// The spacing that a scheduler config names. Throws for another name.
///   where  the file's name, for the message
inline Spacing parse_spacing(std::string_view text, const std::string& where) {
  if (text == "leading") return Spacing::Leading;
  if (text == "trailing") return Spacing::Trailing;
  if (text == "linspace") return Spacing::Linspace;
  fail(where, ": timestep_spacing '", text, "' is unknown; it can be leading, trailing or linspace");
}

/// k (range / count) + offset for k = count - 1 ... 0, the quotient rounded down.
inline std::vector<double> leading_timesteps(std::int64_t range, std::int64_t count, std::int64_t offset) {
  std::vector<double> timesteps(count);
  const std::int64_t stride = range / count;
  for (std::int64_t k = 0; k < count; ++k) timesteps[count - 1 - k] = static_cast<double>(k * stride + offset);
  return timesteps;
}

/// round(start - k stride) - 1 for as long as start - k stride > 0, at most `count` of them. Half goes to even, and the
/// differences are rounded as numpy's arange does it, which decides such ties.
inline std::vector<double> trailing_timesteps(std::int64_t start, double stride, std::int64_t count) {
  std::vector<double> timesteps;
  const double first = static_cast<double>(start), difference = (first - stride) - first;
  const auto values = std::min(count, static_cast<std::int64_t>(std::ceil(first / stride)));
  for (std::int64_t k = 0; k < values; ++k)
    timesteps.push_back(std::nearbyint(first + static_cast<double>(k) * difference) - 1);
  return timesteps;
}

/// `count` equally spaced points from last down to 0, both included; only 0 for count 1.
inline std::vector<double> linspace_timesteps(std::int64_t last, std::int64_t count) {
  std::vector<double> timesteps(count, 0.0);
  const double step = count > 1 ? static_cast<double>(last) / static_cast<double>(count - 1) : 0;
  for (std::int64_t k = 1; k < count; ++k) timesteps[count - 1 - k] = static_cast<double>(k) * step;
  if (count > 1) timesteps.front() = static_cast<double>(last);
  return timesteps;
}

/// Rounds to whole timesteps, halves to even as NumPy does.
inline void round_timesteps(std::vector<double>& timesteps) {
  for (double& t : timesteps) t = std::nearbyint(t);
}

/// The `count` timesteps of one sampling run, noisiest first.  train_steps T.
/// Always `count` values, also where rounding squeezes in one more, t = -1, in diffusers (Trailing, T = 1000, count
/// 61).
/// Throws unless 1 <= count <= T.
inline std::vector<double> spaced_timesteps(Spacing spacing, std::int64_t train_steps, std::int64_t count,
                                            std::int64_t offset) {
  require(count >= 1 && count <= train_steps, "a sampler with ", count, " steps, but the model was trained with ",
          train_steps, "; give 1 to ", train_steps);
  switch (spacing) {
    case Spacing::Leading:
      return leading_timesteps(train_steps, count, offset);
    case Spacing::Trailing:
      return trailing_timesteps(train_steps, static_cast<double>(train_steps) / static_cast<double>(count), count);
    default:
      return linspace_timesteps(train_steps - 1, count);
  }
}

}  // namespace opad
