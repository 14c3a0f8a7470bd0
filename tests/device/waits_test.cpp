// Whole iterations on a GPU that is none: equal to the CPU's, and the host waits once.
#include <opad/adapter/lora.hpp>
#include <opad/adversarial/augmentation/all.hpp>
#include <opad/adversarial/head/all.hpp>
#include <opad/adversarial/objective/all.hpp>
#include <opad/adversarial/regulariser/all.hpp>
#include <opad/adversarial/vsd.hpp>
#include <opad/average/all.hpp>
#include <opad/encoder/all.hpp>
#include <opad/experiment/run/recorder.hpp>
#include <opad/experiment/run/run_summary.hpp>
#include <opad/recipe/presets/all.hpp>
#include <opad/target/grid.hpp>
#include <opad/words/all.hpp>

#include "device/pretend_device.hpp"
#include "support/catch.hpp"
#include "support/tiny_world.hpp"

using namespace opad;

namespace {

const torch::Device pretended(torch::kPrivateUse1, 0);

template <class Recipe>
void fit(Policies<Recipe>& slots) {  // to pictures of 64 pixels
  hana::for_each(slots.losses.terms, [](auto& term) {
    if constexpr (requires { term.levels; }) term.levels = 2, term.projections = 8;
  });
}

/// Every other slot than the presets'.
struct Unlike : Default {
  static std::string name() { return "unlike"; }
  static auto losses() { return loss_list(LatentMse{}, MsSwd{}); }
  static auto critics() {
    return critic_list(Critic{.eye = Patches<Dino>{},
                              .head = PatchTokens{.hidden = 8},
                              .objective = Hinge{},
                              .augmentation = augment(ColorJitter{}, Translation{}, Cutout{}, Noise{}),
                              .regulariser = R1{}},
                       Vsd<Lora<4>>{});
  }
  static auto target() { return Grid<4, 2>{}; }
  static auto words() { return SeparateTextEncoders{}; }
  static auto average() { return Ema{.decay = 0.5}; }
};

/// Two iterations on both; the second, when all constants are where they are needed, may wait `most` times. What trains
/// is equal bit for bit, or but for `tolerance` times a number.
template <class Recipe>
void require_equal_and_quick(std::int64_t most, double tolerance = 0) {
  // both from memory that is laid out alike: matrix products round differently where a mapped file has put its weights
  TinyRun<Recipe> host({.steps = 4}, fit<Recipe>, {}, {pretended, torch::kCPU}),
      device({.steps = 4}, fit<Recipe>, {}, {pretended});
  for (int i = 0; i < 2; ++i) {
    const Readings right = average_readings(host.iterate(i));
    pretend::forget();
    REQUIRE(average_readings(device.iterate(i)) == right);
  }
  const auto counts = pretend::counts();
  INFO(counts.what << counts.uploads << " uploads, " << counts.operators << " operators");
  CHECK(counts.waits >= 1);  // something is counted
  CHECK(counts.waits <= most);
  const Tensors right = host.copy();
  for (const auto& [name, t] : device.copy()) {
    INFO(name);
    CHECK(at::allclose(t.cpu(), right.at(name), tolerance, tolerance));
  }
}

}  // namespace

TEST_CASE("An iteration on a device waits for it once, for the log, and gives the CPU's numbers", "[device][waits]") {
  SECTION("Default") { require_equal_and_quick<Default>(1); }
  SECTION("Release") { require_equal_and_quick<Release>(1); }
  SECTION("a grid's start is asked for once more; R1's two gradients are summed in another order") {
    require_equal_and_quick<Unlike>(2, 1e-4);
  }
}

TEST_CASE("Pictures are made on a device as on the CPU", "[device]") {
  TinyRun<Release> host({.steps = 4}, fit<Release>, {}, {pretended, torch::kCPU}),
      device({.steps = 4}, fit<Release>, {}, {pretended});
  const torch::NoGradGuard no_grad;
  const Tensor ids = host.world.tokenizer({"a <new1> dog"}), noise = Random(1).stream("noise").normal({1, 4, 8, 8});
  const auto picture = [&](TinyRun<Release>& run) {
    const Tensor latent =
        run.trainer->generate(to_device(noise, run.world.device), run.trainer->encode_for_student(ids));
    return run.world.networks.decode(latent).cpu();
  };
  REQUIRE(at::equal(picture(host), picture(device)));
}

TEST_CASE("A run's summary has the peak memory of the device beside the host's", "[device][memory]") {
  const Tensor large = torch::empty({3 << 20}, torch::TensorOptions().device(pretended));  // 12 MiB
  const Json there = RunSummary().json(pretended);
  REQUIRE(there.at("peak memory of the device in MiB").get<std::int64_t>() >= 12);
  REQUIRE(there.at("peak memory in MiB").get<std::int64_t>() > 0);
  REQUIRE_FALSE(RunSummary().json(torch::kCPU).contains("peak memory of the device in MiB"));
}
