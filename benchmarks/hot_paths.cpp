// The paths that every iteration takes, and the whole of one, on the mini world.
//   build/release/bin/bench_hot_paths --benchmark_filter=iteration
#include <benchmark/benchmark.h>

#include <opad/adapter/custom_diffusion.hpp>
#include <opad/data/concept_dataset.hpp>
#include <opad/data/sprites.hpp>
#include <opad/io/resize.hpp>
#include <opad/loss/ms_swd.hpp>
#include <opad/recipe/presets/default.hpp>
#include <opad/train/method_of.hpp>
#include <opad/train/trainer.hpp>

using namespace opad;

namespace {

const std::filesystem::path models = OPAD_MODELS;

// ---- data ----------------------------------------------------------------------------------------------------------

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

void render_sprite(benchmark::State& state) {
  const Random random(1);
  std::int64_t k = 0;
  for (auto _ : state) {
    Stream stream = random.stream("sprite", k++);
    benchmark::DoNotOptimize(sprites::render(sprites::sample_sprite(stream), state.range(0)));
  }
}
BENCHMARK(render_sprite)->Arg(64)->Arg(256)->Unit(benchmark::kMicrosecond);

void tokenize_prompt(benchmark::State& state) {
  const auto tokenizer = ClipTokenizer::from_pretrained(models / "teacher" / "tokenizer");
  for (auto _ : state) benchmark::DoNotOptimize(tokenizer({"a photo of a very small dog in the jungle"}));
}
BENCHMARK(tokenize_prompt)->Unit(benchmark::kMicrosecond);

/// Opening a file of 64 MiB: mapped and checked, nothing is copied.
void load_safetensors(benchmark::State& state) {
  const auto file = std::filesystem::temp_directory_path() / "opad-benchmark.safetensors";
  Tensors tensors;
  for (int i = 0; i < 64; ++i) tensors.emplace(c10::str("layer.", i, ".weight"), torch::zeros({512, 512}));
  save_safetensors(file, tensors);
  for (auto _ : state) benchmark::DoNotOptimize(SafeTensors(file).tensors().size());
  std::filesystem::remove(file);
}
BENCHMARK(load_safetensors)->Unit(benchmark::kMicrosecond);

// ---- networks ------------------------------------------------------------------------------------------------------

/// The U-Net on latents [B, C, 16, 16], with the gradient of its cross-attention keys and values or without.
void unet(benchmark::State& state, bool backward) {
  const auto network = UNet2DConditionModel::from_pretrained(models / "student" / "unet");
  const std::int64_t batch = state.range(0), width = network->config.cross_attention_dim[0];
  const Random random(1);
  const Tensor latent = random.stream("latent").normal({batch, network->config.in_channels, 16, 16});
  const Tensor text = random.stream("text").normal({batch, 77, width}),
               timestep = torch::full({batch}, 999, torch::kInt64);
  if (backward) install_custom_diffusion(*network, false);
  const at::AutoGradMode gradient(backward);
  for (auto _ : state) {
    const Tensor output = network->forward(latent, timestep, text);
    if (backward) output.sum().backward();
    benchmark::DoNotOptimize(output.data_ptr());
  }
}
BENCHMARK_CAPTURE(unet, forward, false)->Arg(2)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(unet, forward_and_backward, true)->Arg(2)->Unit(benchmark::kMillisecond);

void decode_latent(benchmark::State& state) {
  const torch::NoGradGuard no_grad;
  const auto vae = AutoencoderKL::from_pretrained(models / "teacher" / "vae");
  const Tensor latent = Random(1).stream("latent").normal({2, vae->config.latent_channels, 16, 16});
  for (auto _ : state) benchmark::DoNotOptimize(vae->decode(latent).data_ptr());
}
BENCHMARK(decode_latent)->Unit(benchmark::kMillisecond);

void ms_swd(benchmark::State& state) {
  const Random random(1);
  const Tensor student = random.stream("student").uniform({2, 3, 128, 128}),
               target = random.stream("target").uniform({2, 3, 128, 128});
  const MsSwd term;
  std::int64_t k = 0;
  for (auto _ : state) {
    Stream stream = random.stream("projections", k++);
    benchmark::DoNotOptimize(term(student, target, stream).data_ptr());
  }
}
BENCHMARK(ms_swd)->Unit(benchmark::kMillisecond);

// ---- everything together -------------------------------------------------------------------------------------------

/// One whole iteration of the preset Default, batch 2, at the size of the student's own pictures.
void iteration(benchmark::State& state) {
  World world = World::load(parts_of_training(models / "teacher", models / "student", true, false));
  world.networks.put<Dino>(Dino::load(models / "dino"));
  world.networks.put<IdentityEncoder>(IdentityEncoder::load(models / "identity-encoder"));
  const auto rows = std::make_shared<TokenRows>(
      TokenRows::from_initializers(world.tokenizer, world.text_encoder->token_table(), {"<new1>"}, {"dog"}));
  const Random random(1);
  const std::int64_t latent = world.student->config.sample_size, side = latent * world.networks.downscale();
  const Tensor images = random.stream("images").uniform({2, 3, side, side}) * 2 - 1;
  const Batch batch{.images = images,
                    .mask = torch::ones({2, 1, latent, latent}),
                    .prompts = {"a photo of a <new1> dog", "a good photo of the <new1> dog"},
                    .whole = images};
  Trainer trainer(world, method_of(Policies<Default>{}), rows, random, {.steps = 1'000'000});
  std::int64_t k = 0;
  for (auto _ : state) trainer.iterate(k++, {batch});
}
BENCHMARK(iteration)->Unit(benchmark::kMillisecond);

}  // namespace
