#pragma once
#include <boost/hana.hpp>
#include <string_view>

#include <opad/schedule/noise_schedule.hpp>
#include <opad/schedule/scheduler_config.hpp>

namespace opad {

/// Each model keeps the noise schedule that its checkpoint's scheduler config says.
struct CheckpointSchedule {
  static constexpr std::string_view name = "checkpoint";
};

/// What the slot `noise_schedule` takes: CheckpointSchedule, or a NoiseSchedule with a name, which then stands in the
/// place of both checkpoints' own. A run with one leaves it beside its adapters (scheduler/scheduler_config.json), so
/// that whoever loads them asks the models in the same way.
template <class S>
concept ScheduleChoice = std::same_as<S, CheckpointSchedule> || NoiseSchedule<S>;

/// A checkpoint's scheduler config as a recipe wants it.
template <ScheduleChoice S>
SchedulerConfig with_schedule(SchedulerConfig config, const S& schedule) {
  if constexpr (NoiseSchedule<S>) {
    const Eigen::ArrayXd alpha_bar = schedule.alpha_bar(), betas = betas_of_alpha_bar(alpha_bar);
    require(alpha_bar.size() >= 2 && (betas > 0).all() && (betas < 1).all(), "the noise schedule ", S::name,
            ": alpha_bar must fall strictly and stay above 0");
    config.trained_betas.assign(betas.begin(), betas.end());
    config.num_train_timesteps = alpha_bar.size();
    config.rescale_betas_zero_snr = false;
  }
  return config;
}

/// Writes scheduler_config.json: a checkpoint's own, with another noise schedule in it.
///   folder  where;  checkpoint  folder of the checkpoint's scheduler
void save_schedule(const std::filesystem::path& folder, const SchedulerConfig& config,
                   const std::filesystem::path& checkpoint);

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/schedule/detail/schedule_choice.hpp>
#endif
