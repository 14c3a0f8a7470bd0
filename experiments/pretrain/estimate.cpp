// pretrain-estimate: says what pretraining will take on this machine, from a convolution and a matrix product timed
// here and on the machine whose minutes are known.
#include <ATen/Parallel.h>

#include <opad/core/fastest_type.hpp>
#include <opad/experiment/options/options.hpp>
#include <opad/experiment/run/guarded_main.hpp>

using namespace opad;

namespace {

/// On one core of an AMD EPYC with AVX-512 and bfloat16, in bfloat16.
constexpr TypeCost reference{0.00020, 0.00008};

int estimate(int argc, char** argv) {
  double minutes = 142;
  Options options("pretrain-estimate", "Says what pretraining will take on this machine.");
  options.bind_value("minutes", minutes, "that it takes on the machine of models/README.md");
  if (!options.parse(argc, argv)) return 0;
  require(minutes > 0, "--minutes ", minutes, ": give a positive number");
  at::set_num_threads(1);
  const TypeCost half = measured_cost(true), full = measured_cost(false);
  const bool bfloat16 = half.total() < full.total();
  const TypeCost cost = bfloat16 ? half : full;
  // in the networks of the mini world convolutions and matrix products take about the same time
  const double factor = 0.5 * (cost.convolution / reference.convolution + cost.product / reference.product);
  const int total = static_cast<int>(std::lround(minutes * factor));
  std::cout << "about " << (total < 120 ? c10::str(total, " minutes") : c10::str(total / 60, " h ", total % 60, " min"))
            << " on two free cores, in " << (bfloat16 ? "bfloat16" : "float32") << " (a convolution takes "
            << std::lround(1e6 * full.convolution) << " us in float32, " << std::lround(1e6 * half.convolution)
            << " us in bfloat16; a matrix product " << std::lround(1e6 * full.product) << " and "
            << std::lround(1e6 * half.product) << ")\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return guarded_main("pretrain-estimate", [&] { return estimate(argc, argv); });
}
