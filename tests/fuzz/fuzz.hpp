#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <opad/core/error.hpp>

/// A target of libFuzzer: `reads` gets bytes that nobody vouches for, and may refuse them with opad::Error. Whatever
/// else comes out of it, any other exception included, is a finding.
#define OPAD_FUZZ_TARGET(reads)                                                       \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
    try {                                                                             \
      reads(std::string_view(reinterpret_cast<const char*>(data), size));             \
    } catch (const opad::Error&) {}                                                   \
    return 0;                                                                         \
  }
