// The paths that every iteration takes.   build/release/bin/bench_hot_paths --benchmark_filter=iteration
#include <benchmark/benchmark.h>

#include <opad/data/concept_dataset.hpp>
#include <opad/io/resize.hpp>
#include <opad/train/trainer.hpp>

using namespace opad;

namespace {

const std::filesystem::path models = OPAD_MODELS;

void normal_numbers(benchmark::State& state) {
  const Random random(1);
  std::int64_t k = 0;
  for (auto _ : state) benchmark::DoNotOptimize(random.stream("noise", k++).normal({state.range(0)}));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(normal_numbers)->Arg(4 * 64 * 64)->Arg(128 * 363);

void resize_photograph(benchmark::State& state) {
  const Tensor photo = (Random(1).stream("photo").uniform({1200, 1600, 3}) * 255).to(torch::kUInt8);
  for (auto _ : state) benchmark::DoNotOptimize(resize(photo, state.range(0), state.range(0), Filter::Bilinear));
}
BENCHMARK(resize_photograph)->Arg(512)->Unit(benchmark::kMillisecond);

void tokenize_prompt(benchmark::State& state) {
  const auto tokenizer = ClipTokenizer::from_pretrained(models / "teacher" / "tokenizer");
  for (auto _ : state) benchmark::DoNotOptimize(tokenizer({"a photo of a very small dog in the jungle"}));
}
BENCHMARK(tokenize_prompt);

/// One whole iteration of the preset Default on the tiny models, batch 2, 128 pixels.
void iteration(benchmark::State& state) {
  World world = World::load(models / "teacher", models / "student");
  world.networks.put<Dino>(Dino::load(models / "dino"));
  world.networks.put<IdentityEncoder>(IdentityEncoder::load(models / "identity-encoder"));
  const auto rows = std::make_shared<TokenRows>(
      TokenRows::from_initializers(world.tokenizer, world.text_encoder->token_table(), {"<new1>"}, {"dog"}));
  const Random random(1);
  const Batch batch{.images = random.stream("images").uniform({2, 3, 128, 128}) * 2 - 1, .mask = torch::ones({2, 1, 16, 16}),
                    .prompts = {"a photo of a <new1> dog", "a good photo of the <new1> dog"}};
  Trainer<Default> trainer(world, {}, rows, random, {.steps = 1'000'000});
  std::int64_t k = 0;
  for (auto _ : state) trainer.iterate(k++, {batch});
}
BENCHMARK(iteration)->Unit(benchmark::kMillisecond);

}  // namespace
