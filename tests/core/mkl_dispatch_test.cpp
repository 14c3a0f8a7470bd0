#include <torch/types.h>

#include <opad/core/mkl_dispatch.hpp>

#include "support/catch.hpp"

TEST_CASE("MKL is told that the CPU is Intel's only where that was asked for", "[core]") {
  const int mkl = mkl_serv_intel_cpu_true();
  opad::mkl_dispatches_by_instructions() = true;
  REQUIRE(mkl_serv_intel_cpu_true() == 1);
  opad::mkl_dispatches_by_instructions() = false;
  REQUIRE(mkl_serv_intel_cpu_true() == mkl);
}
