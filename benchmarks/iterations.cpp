// Whole iterations of every preset on the mini world, of the list in recipe/presets/all.hpp.
//   build/release/bin/bench_iterations --benchmark_filter=release
#include <opad/recipe/presets/all.hpp>
#include <opad/train/method_of.hpp>
#include <opad/train/trainer.hpp>

#include "support/roofline.hpp"

using namespace opad;

namespace {

const std::filesystem::path models = OPAD_MODELS;

template <class Recipe>
void iteration(benchmark::State& state, bool channels_last) {
  const std::int64_t batch = state.range(0);
  Policies<Recipe> slots;
  hana::for_each(slots.losses.terms, [](auto& term) {
    if constexpr (requires { term.levels; }) term.levels = 2;  // more would need larger pictures
  });
  World world = World::load(parts_of_training(models / "teacher", models / "student", true, false));
  for_each_backbone(viewers(slots), [&](auto backbone) {
    using B = typename decltype(backbone)::type;
    world.networks.put<B>(
        B::load(std::string(B::name) == "lpips" ? std::filesystem::path(OPAD_LPIPS) : models / std::string(B::name)));
  });
  const auto rows = std::make_shared<TokenRows>(
      TokenRows::from_initializers(world.tokenizer, world.text_encoder->token_table(), {"<new1>"}, {"dog"}));
  const Random random(1);
  const std::int64_t latent = world.student->config.sample_size, side = latent * world.networks.downscale();
  const Tensor images = random.stream("images").uniform({batch, 3, side, side}) * 2 - 1;
  const Batch photographs{.images = images,
                          .mask = torch::ones({batch, 1, latent, latent}),
                          .prompts = std::vector<std::string>(batch, "a photo of a <new1> dog"),
                          .whole = images};
  Trainer trainer(world, method_of(slots), rows, random,
                  {.steps = 1'000'000, .resolution = side, .channels_last = channels_last});
  std::int64_t k = 0;
  bench::measure(state, [&] { trainer.iterate(k++, {photographs}); });
  state.SetComplexityN(batch);
}

const bool registered = [] {
  hana::for_each(all::presets, [](auto type) {
    using Recipe = typename decltype(type)::type;
    for (const bool channels_last : {false, true})
      bench::add(
          c10::str("iteration/", Recipe::name(), channels_last ? "/channels-last" : "/contiguous", "/batch"),
          [=](benchmark::State& state) { iteration<Recipe>(state, channels_last); }, 1, 4, benchmark::kMillisecond);
  });
  return true;
}();

}  // namespace
