// Data, samplers, and every loss and critic of the lists in their folders' all.hpp.
//   build/release/bin/bench_policies --benchmark_filter=loss
#include <opad/adversarial/all.hpp>
#include <opad/data/concept_folder.hpp>
#include <opad/data/sprites.hpp>
#include <opad/io/resize.hpp>
#include <opad/loss/all.hpp>
#include <opad/recipe/presets/default.hpp>
#include <opad/sampler/any_sampler.hpp>
#include <opad/train/iteration.hpp>
#include <opad/train/world.hpp>

#include "support/roofline.hpp"

using namespace opad;

namespace {

const std::filesystem::path models = OPAD_MODELS;

/// A loop that reads and writes so many bytes a turn, and computes little.
template <class Turn>
void stream(benchmark::State& state, double bytes, const Turn& turn) {
  for (auto _ : state) turn();
  bench::report(state, {.bytes = bytes});
}

// ---- data ----------------------------------------------------------------------------------------------------------

void normal_numbers(benchmark::State& state) {
  const Random random(1);
  std::int64_t k = 0;
  stream(state, 4.0 * static_cast<double>(state.range(0)),
         [&] { benchmark::DoNotOptimize(random.stream("noise", k++).normal({state.range(0)})); });
  state.SetComplexityN(state.range(0));
}
BENCHMARK(normal_numbers)->Name("data/normal-numbers")->RangeMultiplier(8)->Range(1 << 9, 1 << 15)->Complexity();

void resize_photograph(benchmark::State& state) {
  const Tensor photo = (Random(1).stream("photo").uniform({1200, 1600, 3}) * 255).to(torch::kUInt8);
  stream(state, static_cast<double>(photo.nbytes()),
         [&] { benchmark::DoNotOptimize(resize(photo, state.range(0), state.range(0), Filter::Bilinear).data_ptr()); });
}
BENCHMARK(resize_photograph)->Name("data/resize-photograph")->Arg(512)->Unit(benchmark::kMillisecond);

void render_sprite(benchmark::State& state) {
  const Random random(1);
  std::int64_t k = 0;
  const std::int64_t side = state.range(0);
  stream(state, 3.0 * static_cast<double>(side * side), [&] {
    Stream one = random.stream("sprite", k++);
    benchmark::DoNotOptimize(sprites::render(sprites::sample_sprite(one), side).data_ptr());
  });
  state.SetComplexityN(side * side);
}
BENCHMARK(render_sprite)
    ->Name("data/render-sprite")
    ->RangeMultiplier(2)
    ->Range(32, 256)
    ->Complexity()
    ->Unit(benchmark::kMicrosecond);

void tokenize_prompt(benchmark::State& state) {
  const auto tokenizer = ClipTokenizer::from_pretrained(models / "teacher" / "tokenizer");
  for (auto _ : state) benchmark::DoNotOptimize(tokenizer({"a photo of a very small dog in the jungle"}).data_ptr());
}
BENCHMARK(tokenize_prompt)->Name("data/tokenize-prompt")->Unit(benchmark::kMicrosecond);

/// Opening a file of 64 MiB: mapped and checked, nothing is copied.
void load_safetensors(benchmark::State& state) {
  const auto file = std::filesystem::temp_directory_path() / "opad-benchmark.safetensors";
  Tensors tensors;
  for (int i = 0; i < 64; ++i) tensors.emplace(c10::str("layer.", i, ".weight"), torch::zeros({512, 512}));
  save_safetensors(file, tensors);
  stream(state, 64 << 20, [&] { benchmark::DoNotOptimize(SafeTensors(file).tensors().size()); });
  std::filesystem::remove(file);
}
BENCHMARK(load_safetensors)->Name("data/load-safetensors")->Unit(benchmark::kMicrosecond);

// ---- samplers ------------------------------------------------------------------------------------------------------

/// All steps of a sampler, on a network's answers that are there already.
template <class Sampler>
void sampler(benchmark::State& state) {
  const torch::NoGradGuard no_grad;
  const SchedulerConfig config;
  const Tensor answer = Random(1).stream("answer").normal({2, 4, 64, 64}), noise = answer.flip(0);
  bench::measure(state, [&] {
    Sampler each(config, state.range(0));
    Tensor x = answer * each.init_noise_sigma();
    for (std::int64_t k = 0; k < state.range(0); ++k)
      x = each.step(answer, k, x, each.needs_noise(k) ? noise : Tensor()).prev_sample;
    benchmark::DoNotOptimize(x.data_ptr());
  });
  state.SetComplexityN(state.range(0));
}

// ---- losses --------------------------------------------------------------------------------------------------------

/// What a term compares, for pictures of so many pixels a side.
template <class S>
Shape shape_in(std::int64_t pixels) {
  if constexpr (std::same_as<S, Latent>) return {2, 4, pixels / 8, pixels / 8};
  else if constexpr (std::same_as<S, LpipsFeatures>) return {2, 8 * pixels * pixels};
  else if constexpr (requires { typename S::backbone; }) return {2, pixels * pixels / 256, 768};
  else return {2, 3, pixels, pixels};
}

/// A term and its gradient in the student's pictures.
template <class Term>
void loss(benchmark::State& state, Term term, std::int64_t pixels) {
  if constexpr (requires { term.levels; }) term.levels = 2;  // more would need larger pictures
  const Random random(1);
  const Shape shape = shape_in<typename Term::space>(pixels);
  const Tensor student = random.stream("student").uniform(shape).requires_grad_(),
               target = random.stream("target").uniform(shape);
  bench::measure(state, [&] {
    Tensor value;
    if constexpr (requires(Stream& draws) { term(student, target, draws); }) {
      Stream draws = random.stream("draws");
      value = term(student, target, draws);
    } else {
      value = term(student, target);
    }
    benchmark::DoNotOptimize(torch::autograd::grad({value.sum()}, {student})[0].data_ptr());
  });
}

void projections(benchmark::State& state) {
  loss(state, MsSwd{.projections = state.range(0)}, 64);
  state.SetComplexityN(state.range(0));
}
BENCHMARK(projections)
    ->Name("loss/ms-swd/projections")
    ->RangeMultiplier(4)
    ->Range(8, 128)
    ->Complexity()
    ->Unit(benchmark::kMicrosecond);

// ---- critics -------------------------------------------------------------------------------------------------------

template <AdversarialCritic C>
struct Judged : Default {
  static auto losses() { return loss_list(); }
  static auto critics() { return critic_list(C{}); }
};

/// The student's loss and the critic's own, with the gradients of both, on the mini world.
template <AdversarialCritic C>
void critic(benchmark::State& state) {
  const std::int64_t batch = state.range(0);
  World world = World::load(parts_of_training(models / "teacher", models / "student", true, false));
  for_each_backbone(viewers(Policies<Judged<C>>{}), [&](auto backbone) {
    using B = typename decltype(backbone)::type;
    world.networks.put<B>(B::load(models / std::string(B::name)));
  });
  const Random random(1);
  const Observer nobody;
  const Denoiser teacher{"teacher-unet", world.teacher, Diffusion(world.teacher_scheduler), &world.networks.passes()};
  const std::int64_t side = world.student->config.sample_size, pixels = side * world.networks.downscale(),
                     channels = world.networks.vae_config().latent_channels,
                     width = world.text_encoder->config.hidden_size;
  const Tensor latent = random.stream("latent").normal({batch, channels, side, side}).requires_grad_(),
               photographs = random.stream("photographs").uniform({batch, 3, pixels, pixels}) * 2 - 1,
               condition = random.stream("condition").normal({batch, 77, width});
  const typename C::State judge(C{}, "critic", {random, world.networks, &teacher, torch::kCPU, pixels});
  std::vector<Tensor> parameters;
  for (const auto& [name, p] : judge.parameters()) parameters.push_back(p);
  bench::measure(state, [&] {
    Table table(world.networks, Draws(random, 0, 0, torch::kCPU, nobody), nobody);
    Iteration<Policies<Judged<C>>> iteration(table);
    table.student.template set<Latent>(latent);
    table.real.template set<Pixel>(photographs);
    table.real.template set<Latent>(latent.detach());
    table.condition = condition, table.null_condition = condition.narrow(0, 0, 1);
    torch::autograd::grad({judge.student_loss(iteration)}, {latent});
    benchmark::DoNotOptimize(
        torch::autograd::grad({judge.own_loss(iteration)}, parameters, {}, {}, false, /*allow_unused=*/true).size());
  });
  state.SetComplexityN(batch);
}

// ---- the lists -----------------------------------------------------------------------------------------------------

template <class Of>
std::string name_of() {
  std::string name(c10::util::get_fully_qualified_type_name<Of>());
  return name.substr(name.rfind(':') + 1);
}

const bool registered = [] {
  [&]<class... S>(std::type_identity<std::variant<S...>>) {
    (bench::add("sampler/" + name_of<S>(), sampler<S>, 4, 16, benchmark::kMicrosecond), ...);
  }(std::type_identity<AnySampler::Variant>{});
  hana::for_each(all::losses, [](auto type) {
    using Term = typename decltype(type)::type;
    bench::add(
        c10::str("loss/", Term::name, "/", Term::space::name, "/pixels"),
        [](benchmark::State& state) {
          loss(state, Term{}, state.range(0));
          state.SetComplexityN(state.range(0) * state.range(0));
        },
        32, 128, benchmark::kMicrosecond);
  });
  hana::for_each(all::critics, [](auto type) {
    using C = typename decltype(type)::type;
    bench::add(c10::str("critic/", C::name, "/batch"), critic<C>, 1, 4, benchmark::kMillisecond);
  });
  return true;
}();

}  // namespace
