#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <opad/core/once.hpp>

namespace opad {

class Trainer;
struct Cost;
struct World;

/// The memory that a run wants at once, by what it is for, in bytes.
struct MemoryNeed {
  std::int64_t program = 0;  // without models: code, and what its libraries keep for themselves
  std::int64_t frozen = 0;   // networks
  std::int64_t trains = 0;   // and what is kept of it: averages
  std::int64_t optimiser = 0;
  std::vector<std::pair<std::string, std::int64_t>> steps;  // what the kinds of iterations add, and a preview
  /// What of it goes to the disk.
  struct Left {
    std::int64_t checkpoint = 0;  // each of them
    std::int64_t adapters = 0;    // of teacher and student; of the first stage too, where there are two
    std::int64_t pictures = 0;    // of a concept that the second stage learns from
  } left;

  std::int64_t stays() const { return program + frozen + trains + optimiser; }
  std::int64_t most() const {
    std::int64_t more = 0;
    for (const auto& [name, bytes] : steps) more = std::max(more, bytes);
    return stays() + more;
  }
};

/// Of a trainer whose world lies on "meta" (core/shapes.hpp), after its iterations were counted there.
///   program  bytes of this program before it computes anything
MemoryNeed memory_need(Trainer& trainer, World& world, const std::vector<Cost>& costs, std::int64_t program);

/// As a table for people, in MiB.
std::string to_text(const MemoryNeed& need);

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/train/detail/memory_need.hpp>
#endif
