#pragma once
#include <sys/resource.h>

#include <iostream>

#include <opad/experiment/picture/learning_curve.hpp>
#include <opad/experiment/run/detail/training_run.hpp>
#include <opad/experiment/run/guarded_main.hpp>
#include <opad/experiment/run/newest_checkpoint.hpp>
#include <opad/experiment/run/ranked.hpp>
#include <opad/experiment/run/recorder.hpp>
#include <opad/experiment/run/run_report.hpp>
#include <opad/experiment/run/run_summary.hpp>
#include <opad/experiment/run/second_stage.hpp>
#include <opad/experiment/run/signals.hpp>
#include <opad/experiment/run/validation.hpp>
#include <opad/io/hyper_parameters.hpp>
#include <opad/train/divergence.hpp>

/// A run's iterations, and what it leaves.
namespace opad {

namespace detail {
inline Tensors on_cpu(Tensors tensors) {
  for (auto& [name, t] : tensors) t = t.cpu();
  return tensors;
}
/// Does what a finished training can do without: where it fails, that is said and nothing else.
template <class Work>
void attempt(const std::string& what, const Work& work) {
  try {
    work();
  } catch (...) { std::cerr << "no " << what << ": " << failure_of(std::current_exception()).text << std::endl; }
}
/// Numbers first: a checkpoint must not outlive the rows before it.
inline void save_checkpoint(const RunFolder& folder, const Trainer& trainer, const Recorder& recorder,
                            std::int64_t step) {
  const Tensors state = on_cpu(trainer.state());
  require_finite_state(state, step);
  recorder.flush_to_disk();
  folder.save_checkpoint(step, [&](const std::filesystem::path& draft) { save_state(draft, state, step); });
}
/// The untrained student's pictures, as numbers: a resumed run shows them again at its end.
inline std::filesystem::path pictures_before(const RunFolder& folder) {
  return folder.previews() / "before.safetensors";
}
inline std::filesystem::path made_folder(const RunFolder& folder, std::size_t which) {
  return folder.path() / "collaborative" / std::to_string(which);
}
}  // namespace detail

OPAD_ONCE int TrainingRun::train(const RunFolder& folder, World& world, Trainer& trainer, RunPictures& pictures,
                                 const Tensor& before) {
  const auto [start, goes_on, code] = begin(trainer, [&] {
    const auto load = [&](const Tensors& state, const std::string& where) { trainer.load_state(state, where); };
    const std::int64_t newest = existing() == Existing::Resume ? load_newest(folder.path(), load) : 0;
    return std::pair(newest, newest == settings_.steps && std::filesystem::exists(folder.path() / adapters_record) &&
                                 std::filesystem::exists(folder.path() / "summary.json"));
  });
  if (!goes_on) {
    if (code == 0)
      std::cerr << folder.path().string() << ": this run is finished, after " << start << " iterations" << std::endl;
    else
      std::cerr << "stopped before an iteration; the same command goes on, or --resume " << folder.path().string()
                << std::endl;
    return code;
  }
  std::cerr << concepts_.greeting << std::flush;
  std::optional<Prefetch> data(std::in_place, dataset(world, concepts_.data), settings_.batch_size);
  std::filesystem::create_directories(folder.own("previews"));
  auto columns = trainer.metric_names();
  for (auto& column : Validation::columns(settings_)) columns.push_back(std::move(column));
  Recorder recorder(folder, program_.name, std::move(columns), settings_.steps, start);
  if (start == 0) {
    show_beginning(folder, recorder.events(), trainer.options().resolution);
    pictures.write(folder.previews(), recorder.events(), 0, before);
    save_safetensors(detail::pictures_before(folder), {{"pictures", before}});
  }
  RunSummary summary;
  const auto names = trainer.metric_names();
  const std::int64_t second_stage = second_stage_boundary();
  const auto with_saved_pictures = [&] {
    std::vector<MadePictures> made;
    for (std::size_t c = 0; c < concepts_.data.size(); ++c) made.push_back(load_made(detail::made_folder(folder, c)));
    data.emplace(with_made_pictures(std::move(made), world), settings_.batch_size);
  };
  if (second_stage >= 0 && start > second_stage) with_saved_pictures();
  std::int64_t saved = start;  // the newest checkpoint's step
  const auto save = [&](std::int64_t step) {
    if (step != saved) detail::save_checkpoint(folder, trainer, recorder, step);
    saved = step;
  };
  const auto stop = [&](std::int64_t step, bool signalled) {
    save(step);
    ranks_.leave();
    recorder.finish();
    std::cerr << "stopped after step " << step
              << (signalled ? "" : c10::str(", as --max-minutes ", settings_.max_minutes, " asks"))
              << "; go on with --resume " << folder.path().string() << std::endl;
    return signalled ? ranks_stop_exit_code() : exit_code::time_is_up;
  };
  const auto due = [](std::int64_t every, std::int64_t step) { return every > 0 && step > 0 && step % every == 0; };
  Tensor seen;  // the student's pictures as it is
  for (std::int64_t iteration = start; iteration < settings_.steps; ++iteration) {
    // after the checkpoint, which a stop meanwhile must not wait for; a run that was stopped there finds them missing
    if (due(settings_.preview_every, iteration) &&
        (iteration > start || !std::filesystem::exists(folder.previews() / preview_name(iteration))))
      detail::attempt("preview", [&] {
        if (!seen.defined()) seen = pictures.student(/*stoppable=*/!ranks_.several());
        if (seen.defined()) pictures.write(folder.previews(), recorder.events(), iteration, seen);
      });
    if (!ranks_.several() && stop_requested()) return stop(iteration, true);
    if (iteration == second_stage) {
      const auto made = make_pictures_of_all(trainer, world);
      if (made.empty()) return stop(iteration, true);
      begin_second_stage(folder, world, trainer, pictures, recorder.events(), made);
      with_saved_pictures();
    }
    const std::vector<Batch> batches = batches_of(*data, iteration);
    summary.begin_iteration(world.networks.passes());
    const Turn turn = end_turn(ranks_, trainer.iterate(iteration, batches), names, settings_.max_minutes);
    summary.end_iteration(world.networks.passes());
    const std::int64_t step = iteration + 1;
    if (!turn.finite()) require_finite_numbers(turn.readings, trainer.state(), step);
    Readings readings = turn.readings;
    seen.reset();
    if (validation_ && (due(settings_.validation_every, step) || step == settings_.steps))
      detail::attempt("validation", [&] {
        seen = pictures.student();
        for (auto& score : (*validation_)(seen)) readings.push_back(std::move(score));
      });
    recorder.record(readings, step);
    if (due(settings_.checkpoint_every, step) || step == settings_.steps) save(step);
    if ((turn.signalled || turn.time_is_up) && step < settings_.steps) return stop(step, turn.signalled);
  }
  ranks_.leave();
  recorder.finish();
  save_adapters(folder, "", world, trainer);  // first of all: what follows can fail, and what was trained is there
  finish(folder, trainer, pictures, recorder.events(), summary);
  detail::attempt("removal of old checkpoints", [&] { folder.drop_old(); });
  write_json(folder.own("summary.json"), summary.json(device_));  // says that all is there
  return 0;
}

/// For TensorBoard: the photographs, and the options that decide the result as hyper-parameters.
OPAD_ONCE void TrainingRun::show_beginning(const RunFolder& folder, EventFile& events, std::int64_t side) const {
  const auto given = detail::option_leaves(read_json(folder.config_file()).at("options"));
  std::map<std::string, Json> values{{"recipe", program_.name}};
  for (const Option& option : options_->all())
    if (const auto value = given.find(option.name); option.decisive && value != given.end())
      values[option.name] =
          option.list ? Json(option_detail::plain(Json::parse(value->second))) : Json::parse(value->second);
  write_hyper_parameters(events, values);
  detail::attempt("photographs for TensorBoard", [&] {
    for (const ConceptData& data : concepts_.data)
      events.image("photographs/" + data.instance_prompt, grid_of(data.pictures, {}, side), 0);
  });
}

/// Both models are put on record as they are before they learn from the pictures that the student has made: adapters in
/// joint/, the teacher's pictures among the previews, the student's in collaborative/.
OPAD_ONCE void TrainingRun::begin_second_stage(const RunFolder& folder, World& world, Trainer& trainer,
                                               RunPictures& pictures, EventFile& events,
                                               const std::vector<MadePictures>& made) {
  save_adapters(folder, "joint", world, trainer);
  const std::int64_t step = second_stage_boundary();
  detail::attempt("pictures of the teacher", [&] {
    pictures.write_teacher(folder.previews() / "teacher-before-collaboration.png", events, step,
                           "teacher before the second stage");
  });
  folder.own("collaborative");
  for (std::size_t c = 0; c < concepts_.data.size(); ++c) {
    const ConceptData& data = concepts_.data[c];
    save_made(detail::made_folder(folder, c), made[c]);
    detail::attempt("pictures of the second stage for TensorBoard", [&] {
      show_made(events, made[c], c10::str("second stage/", data.instance_prompt), trainer.options().resolution, step);
    });
    std::cerr << c10::str("second stage: ", made[c].kept.size(), " of ", made[c].pictures.size(), " pictures of \"",
                          data.instance_prompt, "\" join\n");
  }
}

/// What trained of the student, and in teacher/ of the teacher: weights and learned tokens, and a scheduler that is not
/// the checkpoint's. Written under another name and moved: a run's folder holds all of it or none.
///   name  a folder of the run's; empty: the run's own
OPAD_ONCE void TrainingRun::save_adapters(const RunFolder& folder, const std::string& name, World& world,
                                          Trainer& trainer) const {
  namespace fs = std::filesystem;
  const Trainer::Kept kept(trainer);
  const fs::path draft = folder.own(".adapters");
  fs::remove_all(draft);
  const auto save = [&](const fs::path& where, const AdapterFunctions& adapter, UNet2DConditionModel& unet,
                        const TokenRows& rows, const SchedulerConfig& scheduler, const fs::path& model) {
    save_trained(where, adapter.name, unet, adapter.save, adapter.merge, rows);
    if (method_->own_schedule) save_schedule(where / "scheduler", scheduler, model / "scheduler");
  };
  save(draft, method_->student_adapter, *world.student, trainer.student_rows(), world.student_scheduler,
       settings_.student_folder());
  if (method_->has_teacher)
    save(draft / "teacher", method_->teacher_adapter, *world.teacher, trainer.rows(), world.teacher_scheduler,
         settings_.teacher_folder());
  if (!name.empty()) {
    fs::remove_all(folder.own(name));
    fs::rename(draft, folder.path() / name);
    return;
  }
  std::vector<std::string> names;  // what says that all is there comes last
  for (const auto& entry : fs::directory_iterator(draft))
    if (entry.path().filename() != adapters_record) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  names.emplace_back(adapters_record);
  for (const auto& each : names) {
    const fs::path target = folder.own(each);
    if (fs::is_directory(target)) fs::remove_all(target);
    fs::rename(draft / each, target);
  }
  fs::remove_all(draft);
}

/// Final pictures, curves and the page that shows them.
OPAD_ONCE void TrainingRun::finish(const RunFolder& folder, Trainer& trainer, RunPictures& pictures, EventFile& events,
                                   const RunSummary& summary) const {
  Tensor before, after;
  detail::attempt("preview", [&] {
    before = SafeTensors(detail::pictures_before(folder)).tensors().at("pictures");
    after = pictures.student();
    pictures.write(folder.previews(), events, settings_.steps, after);
  });
  detail::attempt("comparison", [&] {
    require(after.defined(), "there are no pictures to compare");
    pictures.write_comparison(folder.previews() / "before-after.png", events, before, after);
  });
  detail::attempt("pictures of the teacher", [&] {
    pictures.write_teacher(folder.previews() / "teacher.png", events, settings_.steps, "teacher");
  });
  detail::attempt("learning curve", [&] {
    write_png(folder.own("learning-curve.png"), learning_curves(read_metrics(folder.metrics_file())));
  });
  detail::attempt("report", [&] {
    const auto file = folder.own("report.html");
    require(after.defined(), "there are no pictures to show");
    const RunReport report{.folder = folder.path(),
                           .recipe = program_.name,
                           .program = started_as_,
                           .options = options_->all(),
                           .settings = settings_,
                           .data = concepts_.data,
                           .summary = summary.json(device_),
                           .before = before,
                           .after = after};
    write_atomically(file, report.html());
  });
  detail::attempt("end for TensorBoard", [&] { write_run_ended(events, settings_.steps); });
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::cerr << "peak memory " << usage.ru_maxrss / 1024 << " MiB\n"
            << "adapters: " << folder.path().string()
            << (trainer.method().has_teacher ? " (teacher's in teacher/)" : "") << '\n';
  for (const auto& [what, file] : {std::pair("pictures: ", folder.previews() / "before-after.png"),
                                   {"curves:   ", folder.path() / "learning-curve.png"},
                                   {"all:      ", folder.path() / "report.html"}})
    if (std::filesystem::exists(file)) std::cerr << what << file.string() << '\n';
  std::cerr << std::flush;
}

}  // namespace opad
