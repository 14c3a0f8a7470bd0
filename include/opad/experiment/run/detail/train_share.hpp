#pragma once
#include <opad/experiment/run/detail/training_run.hpp>
#include <opad/experiment/run/ranked.hpp>

namespace opad {

/// The iterations of a rank that is not the first: its share of every batch, and nothing that is written or said. It
/// meets the first rank (TrainingRun::train) in the same order.
OPAD_ONCE int TrainingRun::train_share(World& world, Trainer& trainer) {
  const Beginning beginning = begin(trainer, {});
  if (!beginning.goes_on) return beginning.code;
  std::optional<Prefetch> data(std::in_place, dataset(world, concepts_.data), settings_.batch_size);
  const auto names = trainer.metric_names();
  const std::int64_t second_stage = second_stage_boundary();
  const auto stopped = [&](bool signalled) {
    ranks_.leave();
    return signalled ? ranks_stop_exit_code() : exit_code::time_is_up;
  };
  if (second_stage >= 0 && beginning.start > second_stage)
    data.emplace(with_made_pictures(std::vector<MadePictures>(concepts_.data.size()), world), settings_.batch_size);
  for (std::int64_t iteration = beginning.start; iteration < settings_.steps; ++iteration) {
    if (iteration == second_stage) {
      auto made = make_pictures_of_all(trainer, world);
      if (made.empty()) return stopped(true);
      data.emplace(with_made_pictures(std::move(made), world), settings_.batch_size);
    }
    const Turn turn =
        end_turn(ranks_, trainer.iterate(iteration, batches_of(*data, iteration)), names, settings_.max_minutes);
    if (!turn.finite()) require_finite_numbers(turn.readings, trainer.state(), iteration + 1);
    if ((turn.signalled || turn.time_is_up) && iteration + 1 < settings_.steps) return stopped(turn.signalled);
  }
  ranks_.leave();
  return 0;
}

/// What the ranks agree upon before the first iteration: where it begins, and whether it does.
///   newest  the first rank's: loads its newest checkpoint -> its step, and whether the run is finished already
OPAD_ONCE TrainingRun::Beginning TrainingRun::begin(Trainer& trainer,
                                                    const std::function<std::pair<std::int64_t, bool>()>& newest) {
  std::int64_t start = 0, finished = 0;
  if (newest) std::tie(start, finished) = newest();
  ranks_.broadcast(start), ranks_.broadcast(finished);
  const bool stops = ranks_.any(stop_requested());
  if (finished || stops) {
    ranks_.leave();
    return {start, false, finished ? 0 : ranks_stop_exit_code()};
  }
  if (start > 0) ranks_.broadcast(trainer.state());
  if (settings_.class_images > 0)
    for (auto& each : concepts_.data)
      share_pictures(ranks_, each.class_pictures, settings_.class_images, trainer.options().resolution);
  return {start, true, 0};
}

/// The first iteration of the second stage; -1: there is none.
OPAD_ONCE std::int64_t TrainingRun::second_stage_boundary() const {
  return method_->second_stage ? method_->second_stage->boundary(settings_.steps) : std::int64_t{-1};
}

/// This rank's micro-batches of an iteration.
OPAD_ONCE std::vector<Batch> TrainingRun::batches_of(Prefetch& data, std::int64_t iteration) const {
  const auto share = ranks_.share(settings_.accumulation);
  const std::int64_t n = settings_.accumulation;
  std::vector<Batch> batches;
  for (std::size_t k = 0; k < share.size(); ++k)
    batches.push_back(data.batch(iteration * n + share[k],
                                 k + 1 < share.size() ? iteration * n + share[k + 1] : (iteration + 1) * n + share[0]));
  return batches;
}

/// The student's pictures of each concept; none where a stop was asked for meanwhile.
OPAD_ONCE std::vector<MadePictures> TrainingRun::make_pictures_of_all(Trainer& trainer, World& world) const {
  std::vector<MadePictures> made;
  for (std::size_t c = 0; c < concepts_.data.size(); ++c) {
    made.push_back(make_pictures(trainer, world, Random(settings_.seed), concepts_.data[c],
                                 static_cast<std::int64_t>(c), resolution(world), ranks_));
    if (made.back().pictures.empty()) return {};
  }
  return made;
}

/// The data set with the student's pictures.
OPAD_ONCE ConceptDataset TrainingRun::with_made_pictures(std::vector<MadePictures> made, const World& world) {
  const std::int64_t pairs = dataset(world, concepts_.data).size() / static_cast<std::int64_t>(concepts_.data.size());
  for (std::size_t c = 0; c < concepts_.data.size(); ++c) {
    share_made(ranks_, made[c], concepts_.data[c].instance_prompt, method_->second_stage->pictures, resolution(world));
    add_made(concepts_.data[c], made[c], pairs);
  }
  return dataset(world, concepts_.data);
}

}  // namespace opad
