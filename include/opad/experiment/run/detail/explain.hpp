#pragma once
#include <iostream>
#include <set>

#include <opad/experiment/run/detail/training_run.hpp>
#include <opad/experiment/run/resources.hpp>

/// What a run would take, said before it takes it.
namespace opad {

/// The passes and the memory of iterations, on a batch of noise of which only the shape is there. Nothing is computed,
/// and nothing that the models' files hold is needed; in bfloat16 the shapes are those of float32.
OPAD_ONCE TrainingRun::Explained TrainingRun::explain_on_shapes(const PartsRecord& parts) {
  const std::int64_t program = resident_bytes().now;
  shapes::prepare();
  World world = load_world(parts);
  require_room(world);
  const auto rows = new_rows(world, std::vector<std::int64_t>(settings_.modifier_token.size(), 0));
  world.to(torch::kMeta), rows->to(torch::kMeta);
  const std::int64_t side = resolution(world), latent = side / world.networks.downscale(),
                     n = settings_.batch_size * (settings_.has_prior() ? 2 : 1);
  const Tensor noise = Random(settings_.seed).stream("explain").normal({n, 3, side, side});
  const std::vector<std::string> prompts(static_cast<std::size_t>(n), "a photo of a " + settings_.modifier_token[0]);
  const Batch batch{noise, torch::ones({n, 1, latent, latent}), prompts, noise};
  TrainerOptions options = trainer_options(world);
  options.bfloat16 = false;
  Trainer trainer(world, *method_, rows, Random(settings_.seed), options);
  auto costs = explain(trainer, world, batch, options);
  const MemoryNeed memory = opad::memory_need(trainer, world, costs, program);
  return {std::move(costs), memory};
}

/// Said before the models are read, where they are large for this machine's memory (else the looking is not worth it).
OPAD_ONCE std::string TrainingRun::word_about_memory(const PartsRecord& parts) {
  namespace fs = std::filesystem;
  if (!device_.is_cpu()) return "";
  std::uintmax_t files = 0;
  std::set<fs::path> folders{parts.teacher, parts.student};
  for (const auto& encoder : recipe_->encoders()) folders.insert(settings_.encoder_folder(encoder.name));
  for (const fs::path& folder : folders) {
    std::error_code none;
    for (fs::recursive_directory_iterator each(folder, none), end; !none && each != end; each.increment(none))
      if (each->is_regular_file(none)) files += each->file_size(none);
  }
  const std::uint64_t limit = memory_limit();
  if (files < limit / 8) return "";
  try {
    const MemoryNeed need = explain_on_shapes(parts).memory;
    return memory_warning(need.stays(), need.most(), limit);
  } catch (const c10::Error&) {  // a policy's own operator that does not work without numbers
    return "";
  }
}

OPAD_ONCE MemoryNeed TrainingRun::memory_need(const RecipeProgram& program, const std::vector<std::string>& words) {
  TrainingRun self(program);
  self.read(words);
  check_numbers(self.settings_);
  self.method_ = self.recipe_->method();
  return self.explain_on_shapes(self.parts()).memory;
}
OPAD_ONCE MemoryNeed memory_need(const RecipeProgram& program, const std::vector<std::string>& words) {
  return TrainingRun::memory_need(program, words);
}

/// --explain: what an iteration costs, in passes and in memory.
OPAD_ONCE int TrainingRun::explain_costs() {
  const auto [costs, memory] = explain_on_shapes(parts());
  std::cout << "recipe " << program_.name << ", batch " << settings_.batch_size * (settings_.has_prior() ? 2 : 1)
            << ", " << memory.resolution << " pixels\n"
            << to_text(costs) << to_text(memory) << memory_warning(0, memory.most(), memory_limit())
            << (caches() ? "a photograph is encoded once in a run, and comes from memory then (--cache-latents)\n"
                         : "photographs are encoded in every iteration that shows them, because ")
            << (caches()                  ? ""
                : settings_.cache_latents ? "--augmentation.enabled changes them at random\n"
                                          : "of --cache-latents no\n");
  return 0;
}

}  // namespace opad
