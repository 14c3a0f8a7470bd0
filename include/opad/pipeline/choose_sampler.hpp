#pragma once
#include <opad/core/once.hpp>
#include <opad/sampler/any_sampler.hpp>

namespace opad {

/// A sampler for a checkpoint, and what is worth a word about the choice.
struct ChosenSampler {
  AnySampler sampler;
  std::string remark = {};
};

/// The checkpoint's own sampler; where opad has none of its class (PNDM, LMS, Heun, DEIS, UniPC, ...) or not with its
/// options, DDIM on the same noise schedule.
/// Throws where DDIM cannot take so many steps either.
OPAD_ONCE ChosenSampler choose_sampler(const SchedulerConfig& config, std::int64_t steps) {
  try {
    return {make_sampler(config, steps)};
  } catch (const Error& error) {
    SchedulerConfig ddim = config;
    ddim.class_name = "DDIMScheduler";
    ChosenSampler chosen{make_sampler(ddim, steps)};
    chosen.remark = c10::str("pictures by DDIM on the noise schedule of ", config.class_name,
                             ", which opad does not sample with here");
    return chosen;
  }
}

}  // namespace opad
