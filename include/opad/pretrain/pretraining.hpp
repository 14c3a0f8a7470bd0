#pragma once
#include <ATen/Parallel.h>

#include <filesystem>
#include <memory>

#include <opad/average/ema.hpp>
#include <opad/core/autocast.hpp>
#include <opad/core/random.hpp>
#include <opad/experiment/picture/learning_curve.hpp>
#include <opad/experiment/picture/preview.hpp>
#include <opad/experiment/run/guarded_main.hpp>
#include <opad/experiment/run/metrics.hpp>
#include <opad/experiment/run/newest_checkpoint.hpp>
#include <opad/experiment/run/run_folder.hpp>
#include <opad/experiment/run/signals.hpp>
#include <opad/io/image.hpp>
#include <opad/io/output_apart.hpp>
#include <opad/io/safetensors.hpp>
#include <opad/optimiser/adamw.hpp>
#include <opad/optimiser/clip_gradient_norm.hpp>
#include <opad/pretrain/pretrain_log.hpp>
#include <opad/pretrain/pretrain_settings.hpp>
#include <opad/ranks/gradient_sum.hpp>
#include <opad/ranks/local_ranks.hpp>

namespace opad {

/// One part of an update's batch, handed to a Pretraining. `random` is the part's own.
struct PretrainStep {
  std::int64_t step, batch_size;
  const Random& random;
  torch::Device device;
  std::vector<std::pair<std::string, Tensor>>& readings;

  Stream stream(std::string_view name) const { return random.stream(name, step); }
  Tensor normal(std::string_view name, at::IntArrayRef shape) const { return stream(name).normal(shape).to(device); }
  void log(const std::string& name, const Tensor& value) const { readings.emplace_back(name, value.detach()); }
};

/// A network of the mini world in the making: what trains, on what loss, and where it is saved. The loop
/// (pretrain<Task>) does the rest: AdamW, learning rate, average of weights, checkpoints that resume bit for bit,
/// curves, sheets.
class Pretraining {
 public:
  virtual ~Pretraining() = default;
  /// What trains, by unique names.
  virtual NamedTensors parameters() const = 0;
  /// The loss of a fresh batch, drawn from the step's streams only.  []
  virtual Tensor loss(const PretrainStep& step) = 0;
  /// What trains against it, and on what loss, after each update. Nothing by default.
  virtual NamedTensors adversary() const { return {}; }
  virtual Tensor adversary_loss(const PretrainStep&) { return {}; }
  /// Called without gradient, with the averaged weights in place: writes the finished model.
  virtual void save() const = 0;
  /// A picture of what the model can do by now, bytes [H, W, 3].
  virtual Tensor sheet() = 0;
  /// Numbers on data that was not trained on, for the model card.
  virtual Readings measure() { return {}; }
};

namespace detail {

/// All parameters of a module, switched on for training, named "prefix.name".
inline void add_trainable(NamedTensors& out, const std::string& prefix, torch::nn::Module& module) {
  for (auto& item : module.named_parameters())
    out.emplace_back(prefix + "." + item.key(), item.value().requires_grad_(true));
}

inline AdamW pretrain_adamw(const PretrainSettings& s, double rate) {
  return {.learning_rate = rate, .beta1 = 0.9, .beta2 = s.beta2, .eps = 1e-8, .weight_decay = s.weight_decay};
}

inline RunDescription pretrain_description(const std::string& name, const Options& options) {
  return {"pretrain-" + name, options.resolved(), options.decisive()};
}

}  // namespace detail

/// Runs a pretraining to its end or to a stop that was asked for, after a checkpoint. The batch of an update is
/// s.accumulation parts, which the ranks share; their number changes no draw.
/// -> exit code (experiment/options/exit_codes.hpp)
inline int run_pretraining(const std::string& name, Pretraining& task, const PretrainSettings& s,
                           const Options& options, const Ranks& ranks) {
  const torch::Device device(s.device);
  AdamW::State optimiser(detail::pretrain_adamw(s, s.learning_rate), task.parameters());
  AdamW::State adversary(detail::pretrain_adamw(s, s.adversary_learning_rate), task.adversary());
  EmaState average(Ema{s.ema}, task.parameters());
  const bool first = ranks.first();  // only the first one writes
  std::optional<RunFolder> folder;
  if (first) folder.emplace(s.output, detail::pretrain_description(name, options), s.existing());
  const StopSignals signals(/*speaks=*/first);
  const auto state = [&] {
    Tensors all;
    average.add_state(all);
    for (const auto& [key, t] : optimiser.state()) all["model." + key] = t;
    for (const auto& [key, t] : adversary.state()) all["adversary." + key] = t;
    return all;
  };
  const auto load = [&](const Tensors& saved, const std::string& where) { copy_state(state(), saved, where); };
  std::int64_t start = first ? load_newest(s.output, load) : 0;
  ranks.broadcast(start);
  if (start > 0) ranks.broadcast(state());
  std::optional<detail::PretrainLog> log;
  if (first) log.emplace(name, *folder, s.steps, start);
  const auto with_average = [&](const auto& work) {
    torch::NoGradGuard no_grad;
    average.swap();
    work();
    average.swap();
  };
  const auto share = ranks.share(s.accumulation);
  for (std::int64_t step = start; step < s.steps; ++step) {
    std::vector<std::pair<std::string, Tensor>> readings;
    const double rate = s.rate(step);
    Tensor first_loss;  // it and the readings are those of the first part
    const auto learn = [&](bool model) {
      GradientSum gradients(ranks, model ? optimiser.parameters() : adversary.parameters());
      for (const std::int64_t part : share) {
        const Random random(s.seed, static_cast<std::uint64_t>(part));
        std::vector<std::pair<std::string, Tensor>> others;
        const PretrainStep work{step, s.batch_size / s.accumulation, random, device, part == 0 ? readings : others};
        const Tensor loss = model ? task.loss(work) : task.adversary_loss(work);
        if (model && part == 0) first_loss = loss.detach();
        (loss / static_cast<double>(s.accumulation)).backward();
        gradients.add(stop_requested() || time_is_up(s.max_minutes));
      }
      return gradients.finish();
    };
    const bool stop = learn(true);
    readings.emplace_back("gradient-norm", clip_gradient_norm(optimiser.parameters(), s.max_grad_norm).detach());
    optimiser.step(rate);
    optimiser.zero_grad();
    if (!adversary.parameters().empty()) {
      adversary.zero_grad();
      learn(false);
      adversary.step(rate);
      adversary.zero_grad();
    }
    average.update();
    if (!first) {
      if (stop && step + 1 < s.steps) return ranks.leave(), stop_requested() ? stop_exit_code() : 128 + SIGTERM;
      continue;
    }
    readings.insert(readings.begin(), {"loss", first_loss});
    const std::int64_t done = step + 1;
    log->add(readings, done, done % 20 == 0 || done == s.steps || stop);
    if (done % s.sheet_every == 0 || done == s.steps) with_average([&] { log->sheet(task.sheet(), done); });
    if (done % s.checkpoint_every == 0 || done == s.steps || stop) {
      folder->save_checkpoint(done, [&](const std::filesystem::path& draft) {
        Tensors cpu = state();
        for (auto& [key, t] : cpu) t = t.cpu();
        require_finite_state(cpu, done);
        log->flush_to_disk();
        save_state(draft, cpu, done);
      });
      with_average([&] { task.save(); });
    }
    if (stop && done < s.steps) {
      ranks.leave();
      log->finish();
      std::cerr << "stopped after step " << done << "; go on with --resume" << std::endl;
      return stop_requested() ? stop_exit_code() : time_is_up(s.max_minutes) ? exit_code::time_is_up : 128 + SIGTERM;
    }
  }
  ranks.leave();
  if (!first) return 0;
  log->finish();
  write_png(folder->path() / "learning-curve.png", learning_curves(read_metrics(folder->metrics_file())));
  Json measured = Json::object();
  with_average([&] {
    for (const auto& [key, value] : task.measure()) measured[key] = value, std::cerr << key << " " << value << "\n";
  });
  write_json(folder->path() / "measured.json", measured);
  return 0;
}

/// The main of a pretraining program. Task: an aggregate of hyper-parameters (BOOST_HANA_ADAPT_STRUCT) with
///   name, description
///   defaults() -> PretrainSettings
///   build(settings) -> std::unique_ptr<Pretraining>
template <class Task>
int pretrain(int argc, const char* const* argv) {
  const std::string program = "pretrain-" + std::string(Task::name);
  return guarded_main(program, [&] {
    Task task;
    PretrainSettings settings = Task::defaults();
    Options options(program, std::string(Task::description));
    settings.bind(options);
    options.bind(std::string(Task::name), task);
    if (!options.parse(argc, argv)) return 0;
    const Launch launch = launch_of_process();
    if (launch.restarts > 0) settings.resume = true, settings.overwrite = false;
    settings.complete(launch);
    if (settings.threads > 0) at::set_num_threads(static_cast<int>(settings.threads));
    const Ranks launched = join(launch);
    if (launched.several() && settings.device == "cuda") settings.device += c10::str(":", launched.local_rank());
    settings.threads = at::get_num_threads();  // on record: the last digits of sums depend on it
    if (launched.first()) settings.choose_dtype();
    launched.broadcast(settings.dtype);
    require_output_apart(settings.output, {{"models", settings.models}}, "give the training a folder of its own");
    if (launched.first())  // before anything heavy
      RunFolder::check(settings.output, detail::pretrain_description(std::string(Task::name), options),
                       settings.existing());
    const std::unique_ptr<Pretraining> work = task.build(settings);
    const LocalRanks local(launched.several() ? 1 : settings.processes);
    return run_pretraining(std::string(Task::name), *work, settings, options,
                           launched.several() ? launched : local.ranks());
  });
}

}  // namespace opad
