#include <opad/pipeline/denoise.hpp>
#include <opad/sampler/ddim.hpp>
#include <opad/target/grid.hpp>
#include <opad/target/random_step.hpp>

#include "laws/teacher_target.hpp"

using namespace opad;

TEST_CASE("Grid takes at most K steps on DDIM's grid of N points", "[target][grid]") {
  static const Observer nobody;
  torch::NoGradGuard no_grad;
  laws::Asked asked;
  const Tensors given{{"target/grid-start", torch::tensor({7}, torch::kInt64)}};
  const Draws draws(Random(2), 0, 0, torch::kCPU, nobody, &given);
  const Tensor t = Grid<10, 4>{}.timestep(asked.question(), draws);
  REQUIRE(t.eq(201).all().item<bool>());  // 901, 801, ..., 201, 101, 1
  SECTION("one step is the prediction at its noise level") {
    REQUIRE(at::allclose(Grid<10, 1>{.guidance = 2}.latent(asked.question(), t),
                         RandomStep{.guidance = 2}.latent(asked.question(), t), 1e-4, 1e-5));
  }
  SECTION("the grid's end is the sampler's end: three steps are left, not four") {
    Grid<10, 4>{}.latent(asked.question(), t);
    REQUIRE(asked.passes.counts().at("teacher-unet").forward == 3);
    Ddim sampler(asked.scheduler, 10);
    const Tensor noisy = asked.teacher.diffusion.add_noise(asked.start, asked.noise, t);
    REQUIRE(at::allclose(
        Grid<10, 4>{}.latent(asked.question(), t),
        denoise_steps(asked.teacher, sampler, noisy,
                      {.condition = asked.condition, .null_condition = asked.null_condition, .guidance = 7.5}, 7, 3)
            .prev_sample));
  }
}
