// JSON files: the configurations of every model and scheduler. What is accepted must survive being written and read
// again.
#include <opad/models/autoencoder_kl_config.hpp>
#include <opad/models/unet_2d_condition_config.hpp>
#include <opad/models/vision_transformer_config.hpp>
#include <opad/schedule/scheduler_config.hpp>

#include "fuzz.hpp"

namespace {

using namespace opad;

template <class Config>
void model(const Json& json) {
  try {
    const Config config = Config::from_json(json, "fuzz");
    const Json written = config.to_json();
    if (Config::from_json(written, "fuzz").to_json() != written) std::abort();
  } catch (const Error&) {}
}

void read(std::string_view text) {
  const Json json = parse_json(text, "fuzz");
  model<UNet2DConditionConfig>(json);
  model<AutoencoderKLConfig>(json);
  const auto others = {+[](const Json& j) { VisionTransformerConfig::from_json(j, "fuzz"); },
                       +[](const Json& j) { SchedulerConfig::from_json(j, "fuzz", "DDIMScheduler"); },
                       +[](const Json& j) { SchedulerConfig::from_json(j, "fuzz"); }};
  for (const auto other : others) try {
      other(json);
    } catch (const Error&) {}
}

}  // namespace

OPAD_FUZZ_TARGET(read)
