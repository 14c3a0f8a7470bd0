#pragma once
#include <cstdint>
#include <string>

/// What a program linked with pretend_device.cpp can ask of the GPU that is none.
namespace pretend {

/// What happened since the last forget().
struct Counts {
  std::int64_t waits = 0;      // for the device: results that the host reads, and copies to it that block
  std::int64_t uploads = 0;    // copies to it that do not
  std::int64_t operators = 0;  // launched
  std::string what;            // the waits by kind
};
Counts counts();
void forget();

}  // namespace pretend
