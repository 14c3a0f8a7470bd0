#pragma once
#include <functional>
#include <iostream>
#include <string>
#include <system_error>

#include <opad/core/error.hpp>
#include <opad/core/once.hpp>
#include <opad/experiment/run/checkpoints.hpp>
#include <opad/io/safetensors.hpp>

namespace opad {

/// The file of a checkpoint that holds the training's state.
inline constexpr const char* state_file = "state.safetensors";

/// A training's state in the folder of its checkpoint, which also says its step.
inline void save_state(const std::filesystem::path& checkpoint, const Tensors& state, std::int64_t step) {
  save_safetensors(checkpoint / state_file, state, {{"step", std::to_string(step)}});
}

/// Loads the newest checkpoint of a run that is whole, and says which ones are not; those are removed, as they would
/// stand in the way of new ones.
///   load  takes the tensors, and where they are from
/// -> its step; 0 where there is none at all. Throws where there are only damaged ones.
OPAD_ONCE std::int64_t load_newest(const std::filesystem::path& run,
                                   const std::function<void(const Tensors&, const std::string&)>& load) {
  auto found = checkpoints(run);
  std::string damage;
  for (; !found.empty(); found.pop_back()) {
    const auto file = found.back().folder / state_file;
    try {
      const SafeTensors state(file);
      const auto step = state.metadata().find("step");  // older checkpoints do not say it
      if (step != state.metadata().end() && step->second != std::to_string(found.back().step))
        fail(file.string(), ": is the state of step ", step->second, ", not of ", found.back().step);
      load(state.tensors(), file.string());
      if (damage.empty()) return found.back().step;
      std::cerr << damage << "\ngoing on from step " << found.back().step << std::endl;
      std::error_code gone;  // another process of the run may do the same
      for (const auto& checkpoint : checkpoints(run))
        if (checkpoint.step > found.back().step) std::filesystem::remove_all(checkpoint.folder, gone);
      return found.back().step;
    } catch (const Error& error) { damage += (damage.empty() ? "" : "\n") + std::string(error.what()); }
  }
  require(damage.empty(), damage, "; no checkpoint before it is left: remove the run's folder, or --overwrite it");
  return 0;
}

}  // namespace opad
