#pragma once
#include <opad/core/once.hpp>
#include <opad/experiment/run/run_folder.hpp>
#include <opad/io/cut_events.hpp>

namespace opad {

/// The name of a new event file in a run's folder, which is the run's. A resumed run takes the steps that it makes
/// again out of the older ones.
OPAD_ONCE std::string own_events(const RunFolder& folder, std::int64_t start) {
  if (start > 0)
    for (const auto& name : read_manifest(folder.path()))
      if (name.starts_with("events.out.tfevents.") && is_there(folder.path() / name))
        cut_events(folder.path() / name, start);
  const std::string name = EventFile::new_name();
  folder.own(name);
  return name;
}

}  // namespace opad
