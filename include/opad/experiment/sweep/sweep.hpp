#pragma once
#include <opad/experiment/run/guarded_main.hpp>
#include <opad/experiment/sweep/variant.hpp>

namespace opad {

/// Trains and evaluates variants x concepts x seeds, resumes what was stopped, makes one table and one report. What it
/// does is in detail/, compiled once.
int run_sweep(const std::string& program, std::vector<Variant> variants, int argc, const char* const* argv);

/// The whole of a sweep's main:  int main(int argc, char** argv) { return opad::sweep(hana::tuple_t<Full,
/// WithoutCritics>, argc, argv); } The first row is the reference that differences are taken to.
template <class Rows>
int sweep(Rows rows, int argc, char** argv) {
  return guarded_main(std::filesystem::path(argv[0]).filename().string(),
                      [&] { return run_sweep(argv[0], variants_of(rows), argc, argv); });
}

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/experiment/sweep/detail/sweep.hpp>
#endif
