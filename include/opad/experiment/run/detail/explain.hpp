#pragma once
#include <filesystem>
#include <iostream>
#include <set>

#include <opad/experiment/run/detail/training_run.hpp>
#include <opad/experiment/run/resources.hpp>

/// What a run would take, said before it takes it.
namespace opad {

/// The passes of iterations, on a batch of noise. On "meta" (core/shapes.hpp) only the shapes are there: nothing is
/// computed, and the memory is known too, that of float32 whatever the type.
OPAD_ONCE TrainingRun::Explained TrainingRun::explain_on(torch::Device device, const PartsRecord& parts) {
  const std::int64_t program = resident_bytes().now;
  shapes::prepare();
  World world = load_world(parts);
  require_room(world);
  const auto rows = new_rows(world, std::vector<std::int64_t>(settings_.modifier_token.size(), 0));
  world.to(device), rows->to(device);
  std::vector<Tensor> mapped;  // a file stays in memory while one of its tensors lives, also those that are replaced
  if (device_.is_cpu() && device.is_meta())
    for (const torch::nn::Module* network : std::initializer_list<const torch::nn::Module*>{
             world.text_encoder.get(), world.student_text_encoder.get(), world.teacher.get(), world.student.get()})
      if (network)
        for (const Tensor& parameter : network->parameters()) mapped.push_back(parameter.detach());
  const std::int64_t side = resolution(world), latent = side / world.networks.downscale(),
                     n = settings_.batch_size * (settings_.has_prior() ? 2 : 1);
  const Tensor noise = Random(settings_.seed).stream("explain").normal({n, 3, side, side});
  const std::vector<std::string> prompts(static_cast<std::size_t>(n), "a photo of a " + settings_.modifier_token[0]);
  const Batch batch{noise, torch::ones({n, 1, latent, latent}), prompts, noise};
  TrainerOptions options = trainer_options(world);
  options.bfloat16 = options.bfloat16 && !device.is_meta();
  Trainer trainer(world, *method_, rows, Random(settings_.seed), options);
  auto costs = explain(trainer, world, batch, options);
  const MemoryNeed memory = device.is_meta() ? opad::memory_need(trainer, world, costs, program) : MemoryNeed{};
  return {side, std::move(costs), memory};
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
    const MemoryNeed need = explain_on(torch::kMeta, parts).memory;
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
  return self.explain_on(torch::kMeta, self.parts()).memory;
}
OPAD_ONCE MemoryNeed memory_need(const RecipeProgram& program, const std::vector<std::string>& words) {
  return TrainingRun::memory_need(program, words);
}

/// --explain: what an iteration costs, in passes and in memory. Where a policy has an operator that does not work on
/// shapes alone, the iterations run in earnest, and the memory is not known.
OPAD_ONCE int TrainingRun::explain_costs() {
  Explained told;
  std::string memory;
  try {
    told = explain_on(torch::kMeta, parts());
    memory = to_text(told.memory) + memory_warning(0, told.memory.most(), memory_limit());
  } catch (const c10::Error& error) {
    told = explain_on(device_, parts());
    const std::string what = error.what_without_backtrace();
    memory = c10::str("memory: not known, since an operator needs numbers: ", what.substr(0, what.find('\n')), "\n");
  }
  std::cout << "recipe " << program_.name << ", batch " << settings_.batch_size * (settings_.has_prior() ? 2 : 1)
            << ", " << told.resolution << " pixels\n"
            << to_text(told.costs) << memory
            << (caches() ? "a photograph is encoded once in a run, and comes from memory then (--cache-latents)\n"
                         : "photographs are encoded in every iteration that shows them, because ")
            << (caches()                  ? ""
                : settings_.cache_latents ? "--augmentation.enabled changes them at random\n"
                                          : "of --cache-latents no\n");
  return 0;
}

}  // namespace opad
