#pragma once
#include <opad/schedule/schedule_choice.hpp>

namespace opad {

OPAD_ONCE void save_schedule(const std::filesystem::path& folder, const SchedulerConfig& config,
                             const std::filesystem::path& checkpoint) {
  Json json = SchedulerConfig::json_in(checkpoint);
  json["trained_betas"] = config.trained_betas;
  json["num_train_timesteps"] = config.num_train_timesteps;
  json["rescale_betas_zero_snr"] = false;
  if (json.value("lambda_min_clipped", Json(0)).is_null()) json.erase("lambda_min_clipped");  // -Infinity, its default
  std::filesystem::create_directories(folder);
  write_json(folder / "scheduler_config.json", json);
}

}  // namespace opad
