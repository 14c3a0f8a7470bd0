#pragma once
#include <ATen/Parallel.h>

#include <filesystem>
#include <memory>

#include <opad/average/ema.hpp>
#include <opad/core/autocast.hpp>
#include <opad/core/fastest_type.hpp>
#include <opad/core/random.hpp>
#include <opad/data/sprites/attributes.hpp>
#include <opad/experiment/options/options.hpp>
#include <opad/experiment/picture/learning_curve.hpp>
#include <opad/experiment/picture/preview.hpp>
#include <opad/experiment/run/guarded_main.hpp>
#include <opad/experiment/run/metrics.hpp>
#include <opad/experiment/run/run_folder.hpp>
#include <opad/experiment/run/signals.hpp>
#include <opad/io/image.hpp>
#include <opad/io/safetensors.hpp>
#include <opad/optimiser/adamw.hpp>
#include <opad/optimiser/clip_gradient_norm.hpp>
#include <opad/pretrain/pretrain_log.hpp>
#include <opad/ranks/local_ranks.hpp>

namespace opad {

/// What every program of experiments/pretrain/ can be told.
struct PretrainSettings {
  std::filesystem::path models, output;
  bool overwrite = false, resume = false;
  std::uint64_t seed = 42;
  std::int64_t resolution = 32;
  std::string device = "cpu", dtype = "auto";
  std::int64_t steps = 1000, batch_size = 64, warmup = 100, threads = 1, processes = 1, accumulation = 0;
  double learning_rate = 1e-3, decay_share = 0.5, weight_decay = 1e-2, beta2 = 0.99, ema = 0.998, max_grad_norm = 1.0;
  double adversary_learning_rate = 2e-4;
  std::int64_t sheet_every = 500, checkpoint_every = 250;

  sprites::Edition edition() const { return sprites::edition_of(resolution); }

  void bind(Options& options) {
    const auto where = [&](const std::string& name, auto& value, const std::string& help) {
      options.bind_value(name, value, help).decisive = false;
    };
    options.group("Pretraining");
    where("models", models, "folder of the world under construction: read from and written to");
    where("output", output, "run folder: config, metrics, sheets, checkpoints");
    where("overwrite", overwrite, "replace a run that is in the folder already");
    where("resume", resume, "go on with the run in --output where there is one");
    options.bind_value("seed", seed, "of everything random");
    options.bind_value("resolution", resolution,
                       "of the world's pictures: 32 for its first edition, which ships; 64 for its second");
    options.bind_value("steps", steps, "updates");
    options.bind_value("batch-size", batch_size, "samples in a batch");
    options.bind_value("learning-rate", learning_rate, "after the warm-up");
    options.bind_value("warmup", warmup, "updates in which the learning rate rises");
    options.bind_value("decay-share", decay_share,
                       "last part of the updates, in which it falls to 0 along half a cosine");
    options.bind_value("weight-decay", weight_decay, "of AdamW");
    options.bind_value("beta2", beta2, "of AdamW");
    options.bind_value("ema", ema, "decay of the average of weights that is saved");
    options.bind_value("max-grad-norm", max_grad_norm, "global norm to which gradients are clipped");
    options.bind_value("adversary-learning-rate", adversary_learning_rate,
                       "of what trains against the model, where something does");
    options.bind_value("device", device, "cpu, cuda, cuda:1, ...");
    options.bind_value("dtype", dtype,
                       "of networks' passes: float32, bfloat16 (autocast), or auto: what is faster here, measured; a "
                       "resumed run keeps its own");
    options.bind_value("accumulation", accumulation,
                       "equal parts of the batch, each with draws of its own, that ranks share; 0: as many as ranks");
    where("processes", processes,
          "ranks to start on this machine's CPU; a launcher (torchrun, srun, mpirun) starts its own");
    where("threads", threads, "of the CPU; 0: LibTorch decides");
    where("sheet-every", sheet_every, "updates between sample sheets");
    where("checkpoint-every", checkpoint_every, "updates between checkpoints");
  }
  ///   launch  what a launcher has said
  void complete(const Launch& launch) {
    parse_device(device);
    require(launch.size == 1 || processes == 1 || processes == launch.size, "--processes ", processes,
            " beside a launcher that has started ", launch.size, "; leave it out");
    const std::int64_t ranks = std::max(processes, launch.size);
    if (accumulation == 0) accumulation = ranks;
    require(!models.empty(), "--models is missing; give the folder of the world under construction");
    require(!output.empty(), "--output is missing; give a folder for the run");
    require(steps > 0 && batch_size > 0 && warmup >= 0 && decay_share >= 0 && decay_share <= 1 && sheet_every > 0 &&
                checkpoint_every > 0,
            "--steps, --batch-size, --sheet-every and --checkpoint-every must be positive, --warmup >= 0, "
            "--decay-share in [0, 1]");
    require(resolution == 32 || resolution == 64, "--resolution ", resolution, " is not one of 32, 64");
    require(processes > 0 && accumulation > 0 && accumulation % ranks == 0, "--accumulation ", accumulation,
            " parts of a batch do not divide among --processes ", ranks, "; give a multiple");
    require(batch_size % accumulation == 0, "--batch-size ", batch_size, " does not divide into ", accumulation,
            " parts (--accumulation, --processes)");
    require(processes == 1 || device == "cpu" || launch.size > 1, "--processes ", processes, " on ", device,
            ": several processes share a CPU only");
    require(dtype == "float32" || dtype == "bfloat16" || dtype == "auto", "--dtype ", dtype,
            " is not one of auto, float32, bfloat16");
  }
  /// Replaces "auto" by the type of the run that goes on, or by the faster one.
  void choose_dtype() {
    if (dtype != "auto") return;
    const auto before = output / "config.json";
    if (resume && std::filesystem::exists(before)) {
      const Json config = read_json(before);
      if (const auto options = config.find("options"); options != config.end() && options->is_object())
        dtype = options->value("dtype", dtype);
    }
    if (dtype == "auto") dtype = fastest_type(torch::Device(device).type());
  }
  /// The factor on the learning rate: a linear rise, a plateau, half a cosine down to 0.
  double rate(std::int64_t step) const {
    const double rise = step < warmup ? static_cast<double>(step + 1) / static_cast<double>(warmup + 1) : 1.0;
    const double left = static_cast<double>(steps - step) / static_cast<double>(steps);
    return rise * (left < decay_share ? 0.5 * (1 - std::cos(std::numbers::pi * left / decay_share)) : 1.0);
  }
};

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

}  // namespace detail

/// Runs a pretraining to its end or to a signal. Exit code: 0, or 130/143 after a checkpoint. The batch of an update is
/// s.accumulation parts, which the ranks share; their number changes no draw.
inline int run_pretraining(const std::string& name, Pretraining& task, const PretrainSettings& s,
                           const Options& options, const Ranks& ranks) {
  const torch::Device device(s.device);
  AdamW::State optimiser(detail::pretrain_adamw(s, s.learning_rate), task.parameters());
  AdamW::State adversary(detail::pretrain_adamw(s, s.adversary_learning_rate), task.adversary());
  EmaState average(Ema{s.ema}, task.parameters());
  const bool first = ranks.first();  // only the first one writes
  std::optional<RunFolder> folder;
  if (first)
    folder.emplace(s.output, RunDescription{"pretrain-" + name, options.resolved(), options.decisive()},
                   s.resume      ? Existing::Resume
                   : s.overwrite ? Existing::Overwrite
                                 : Existing::Refuse);
  const StopSignals signals(/*speaks=*/first);
  const auto state = [&] {
    Tensors all;
    average.add_state(all);
    for (const auto& [key, t] : optimiser.state()) all["model." + key] = t;
    for (const auto& [key, t] : adversary.state()) all["adversary." + key] = t;
    return all;
  };
  std::int64_t start = 0;
  if (const auto checkpoint = first ? latest_checkpoint(s.output) : std::nullopt) {
    const auto file = checkpoint->folder / "state.safetensors";
    copy_state(state(), SafeTensors(file).tensors(), file.string());
    start = checkpoint->step;
  }
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
        gradients.add(stop_requested());
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
        save_safetensors(draft / "state.safetensors", cpu);
      });
      with_average([&] { task.save(); });
    }
    if (stop && done < s.steps) {
      ranks.leave();
      log->finish();
      std::cerr << "stopped after step " << done << "; go on with --resume" << std::endl;
      return stop_requested() ? stop_exit_code() : 128 + SIGTERM;
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
    if (launched.first()) settings.choose_dtype();
    launched.broadcast(settings.dtype);
    const std::unique_ptr<Pretraining> work = task.build(settings);
    const LocalRanks local(launched.several() ? 1 : settings.processes);
    return run_pretraining(std::string(Task::name), *work, settings, options,
                           launched.several() ? launched : local.ranks());
  });
}

}  // namespace opad
