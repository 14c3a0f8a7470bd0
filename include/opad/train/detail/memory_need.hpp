#pragma once
#include <cmath>

#include <opad/core/shapes.hpp>
#include <opad/train/explain.hpp>
#include <opad/train/memory_need.hpp>

namespace opad {

/// What a process grows by when it begins to compute, whatever the models: code of its libraries that is read in only
/// then, their buffers, pages that the allocator keeps, photographs. Measured: 50 to 70 MiB.
inline constexpr std::int64_t bytes_of_computing = std::int64_t{60} << 20;

OPAD_ONCE MemoryNeed memory_need(Trainer& trainer, World& world, const std::vector<Cost>& costs, std::int64_t program) {
  MemoryNeed need{.program = program + bytes_of_computing};
  for (const auto& [name, tensor] : trainer.state()) {
    const bool moment = name.find(".exp_avg") != std::string::npos || name.find(".step.") != std::string::npos;
    const auto bytes = static_cast<std::int64_t>(tensor.nbytes());
    (moment ? need.optimiser : need.trains) += bytes;
    need.left.checkpoint += bytes;
    if (!moment && (name.starts_with("teacher.") || name.starts_with("student."))) need.left.adapters += bytes;
  }
  const TrainerOptions& options = trainer.options();
  if (const auto& stage = trainer.method().second_stage; stage && stage->boundary(options.steps) < options.steps) {
    need.left.adapters *= 2;
    const double kept = std::max(1.0, std::round(stage->share * static_cast<double>(stage->pictures)));
    need.left.pictures = static_cast<std::int64_t>(kept) * 3 * options.resolution * options.resolution * 4;
  }
  need.frozen = shapes::bytes().now - need.trains - need.optimiser;
  for (const Cost& cost : costs) need.steps.emplace_back("iteration of " + names_of(cost.moves), cost.working);
  torch::NoGradGuard no_grad;
  const std::int64_t before = shapes::bytes().now, side = options.resolution / world.networks.downscale();
  shapes::forget_most();
  const Tensor noise = torch::zeros({1, world.networks.vae_config().latent_channels, side, side}, world.device);
  world.networks.decode(trainer.generate(noise, trainer.encode_for_student(world.tokenizer({""}))));
  need.steps.emplace_back("preview", shapes::bytes().most - before);
  return need;
}

OPAD_ONCE std::string to_text(const MemoryNeed& need) {
  std::string text = "memory, predicted from shapes, in MiB\n";
  const auto line = [&](std::string name, std::int64_t bytes) {
    name.resize(std::max<std::size_t>(name.size() + 2, 58), ' ');
    text += c10::str("  ", name, (bytes + (1 << 19)) >> 20, "\n");
  };
  line("program", need.program), line("frozen networks", need.frozen), line("what trains", need.trains);
  line("optimiser", need.optimiser);
  for (const auto& [name, bytes] : need.steps) line("while running: " + name, bytes);
  line("at most", need.most());
  return text;
}

}  // namespace opad
