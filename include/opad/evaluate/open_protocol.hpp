#pragma once
#include <opad/core/once.hpp>
#include <opad/evaluate/custom_concept_101.hpp>
#include <opad/evaluate/dream_bench.hpp>
#include <opad/evaluate/mini_world.hpp>

namespace opad {

/// The protocol of a name or a folder.
///   "mini-world", "mini-world-development"   the sprite world; its photographs go into `work`, at the resolution given
///   a folder                                 DreamBench or CustomConcept101, told apart by prompts_and_classes.txt and
///                                            dataset.json
OPAD_ONCE Protocol open_protocol(const std::string& name, const std::filesystem::path& work, std::int64_t resolution) {
  if (name == "mini-world") return mini_world(MiniWorldPart::Evaluation, work, resolution);
  if (name == "mini-world-development") return mini_world(MiniWorldPart::Development, work, resolution);
  const std::filesystem::path folder = name;
  require(std::filesystem::is_directory(folder), "the protocol \"", name,
          "\" is neither mini-world, mini-world-development nor a folder; give the folder of DreamBench or "
          "CustomConcept101");
  if (std::filesystem::exists(folder / "prompts_and_classes.txt")) return dream_bench(folder);
  require(std::filesystem::exists(folder / "dataset.json"), folder.string(),
          ": holds neither DreamBench's prompts_and_classes.txt nor CustomConcept101's dataset.json");
  return custom_concept_101(folder);
}

}  // namespace opad
