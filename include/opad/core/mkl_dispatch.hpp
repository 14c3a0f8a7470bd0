#pragma once
#include <dlfcn.h>

#include <atomic>

namespace opad {

/// On x86, LibTorch's matrix products are those of Intel's MKL, which asks a function of its own whether Intel made the
/// CPU, and has kernels of AVX2 alone where the answer is no. With `true`, before the first product of the process, the
/// answer is yes, and MKL chooses by what the CPU can do: twice as fast on an AMD CPU with AVX-512, with other
/// roundings. Nothing changes on Intel's CPUs and where LibTorch is without MKL.
inline std::atomic<bool>& mkl_dispatches_by_instructions() {
  static std::atomic<bool> by_instructions = false;
  return by_instructions;
}

}  // namespace opad

/// Stands before MKL's function of this name, and asks it.
extern "C" inline __attribute__((used, visibility("default"))) int mkl_serv_intel_cpu_true() {
  if (opad::mkl_dispatches_by_instructions()) return 1;
  static auto* const mkl = reinterpret_cast<int (*)()>(dlsym(RTLD_NEXT, "mkl_serv_intel_cpu_true"));
  return mkl ? mkl() : 0;
}
