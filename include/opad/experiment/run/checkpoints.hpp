#pragma once
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include <opad/core/once.hpp>

namespace opad {

/// A saved state of a run: complete by its very presence under this name.
struct Checkpoint {
  std::int64_t step = 0;
  std::filesystem::path folder;
};

/// The checkpoints of a run folder, oldest first. What a crash left half-written has another name and is not seen.
OPAD_ONCE std::vector<Checkpoint> checkpoints(const std::filesystem::path& run) {
  std::vector<Checkpoint> found;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(run / "checkpoints", none)) {
    const auto name = entry.path().filename().string();
    std::int64_t step = 0;
    if (!name.starts_with("step-") || !entry.is_directory()) continue;
    const auto [end, error] = std::from_chars(name.data() + 5, name.data() + name.size(), step);
    if (error == std::errc{} && end == name.data() + name.size()) found.push_back({step, entry.path()});
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.step < b.step; });
  return found;
}

/// The one with the largest step, if there is any.
OPAD_ONCE std::optional<Checkpoint> latest_checkpoint(const std::filesystem::path& run) {
  const auto found = checkpoints(run);
  return found.empty() ? std::nullopt : std::optional(found.back());
}

}  // namespace opad
