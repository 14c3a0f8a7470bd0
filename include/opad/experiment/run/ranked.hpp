#pragma once
#include <algorithm>
#include <cmath>

#include <opad/data/concept_dataset.hpp>
#include <opad/data/prompt_settings.hpp>
#include <opad/experiment/run/recorder.hpp>
#include <opad/experiment/run/second_stage.hpp>
#include <opad/experiment/run/signals.hpp>
#include <opad/ranks/ranks.hpp>

/// What a run's ranks tell each other beside gradients. With one rank alone all of it costs nothing.
namespace opad {

/// The end of an iteration: its numbers, averaged over the micro-steps of all ranks, and whether any rank was asked to
/// stop, or has run for as long as it may.
struct Turn {
  Readings readings;
  bool signalled, time_is_up;
  bool finite() const {
    return std::ranges::all_of(readings, [](const auto& r) { return std::isfinite(r.second); });
  }
};

/// One message: by the order of `names` (Trainer::metric_names) sum and count of each number, and the wishes to stop.
OPAD_ONCE Turn end_turn(const Ranks& ranks, const Metrics& metrics, const std::vector<std::string>& names,
                        double max_minutes) {
  if (!ranks.several()) return {average_readings(metrics), stop_requested(), time_is_up(max_minutes)};
  const auto n = static_cast<std::int64_t>(names.size());
  const Tensor message = torch::zeros({2 * n + 2}, torch::kFloat64);
  double* const numbers = message.data_ptr<double>();
  for (const auto& [name, value] : metrics) {
    const auto at = std::ranges::find(names, name) - names.begin();
    require(at < n, "the metric ", name, " is not among the trainer's names");
    numbers[at] += value.item<double>(), numbers[n + at] += 1;
  }
  numbers[2 * n] = stop_requested() ? 1 : 0, numbers[2 * n + 1] = time_is_up(max_minutes) ? 1 : 0;
  ranks.sum(message);
  Turn turn{{}, numbers[2 * n] > 0, numbers[2 * n + 1] > 0};
  for (std::int64_t i = 0; i < n; ++i)
    if (numbers[n + i] > 0) turn.readings.emplace_back(names[static_cast<std::size_t>(i)], numbers[i] / numbers[n + i]);
  return turn;
}

/// The exit code of a stop that another rank was asked for: SIGTERM's.
inline int ranks_stop_exit_code() { return stop_requested() ? stop_exit_code() : 128 + SIGTERM; }

/// Gives every rank rank 0's pictures, each uint8 [side, side, 3].
OPAD_ONCE void share_pictures(const Ranks& ranks, std::vector<Tensor>& pictures, std::int64_t count,
                              std::int64_t side) {
  if (!ranks.several()) return;
  if (!ranks.first()) pictures.clear();
  for (std::int64_t i = 0; i < count; ++i) {
    if (!ranks.first()) pictures.push_back(torch::empty({side, side, 3}, torch::kUInt8));
    ranks.broadcast(pictures[static_cast<std::size_t>(i)]);
  }
}

/// Gives every rank what rank 0 has of a second stage that has begun before.
///   count  of pictures that the student has made      side  of them
OPAD_ONCE void share_made(const Ranks& ranks, MadePictures& made, const std::string& instance_prompt,
                          std::int64_t count, std::int64_t side) {
  if (!ranks.several()) return;
  share_pictures(ranks, made.pictures, count, side);
  Tensor kept = torch::full({count}, -1, torch::kInt64);
  for (std::size_t i = 0; i < made.kept.size(); ++i)
    kept[static_cast<std::int64_t>(i)] = static_cast<std::int64_t>(made.kept[i]);
  ranks.broadcast(kept);
  if (ranks.first()) return;
  made.prompts.clear(), made.kept.clear();
  for (std::int64_t i = 0; i < count; ++i) {
    made.prompts.push_back(
        fill_template(prompt_settings[static_cast<std::size_t>(i) % prompt_settings.size()], instance_prompt));
    if (const auto which = kept[i].item<std::int64_t>(); which >= 0)
      made.kept.push_back(static_cast<std::size_t>(which));
  }
}

}  // namespace opad
