#pragma once
#include <cmath>
#include <filesystem>
#include <iostream>
#include <numbers>

#include <opad/core/fastest_type.hpp>
#include <opad/data/sprites/attributes.hpp>
#include <opad/experiment/options/counts.hpp>
#include <opad/experiment/options/options.hpp>
#include <opad/experiment/run/guarded_main.hpp>
#include <opad/experiment/run/resources.hpp>
#include <opad/experiment/run/run_folder.hpp>
#include <opad/ranks/launch.hpp>

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
  double adversary_learning_rate = 2e-4, max_minutes = 0;
  std::int64_t sheet_every = 500, checkpoint_every = 250;

  sprites::Edition edition() const { return sprites::edition_of(resolution); }
  Existing existing() const { return resume ? Existing::Resume : overwrite ? Existing::Overwrite : Existing::Refuse; }

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
    where("max-minutes", max_minutes, "stop by itself after so many, with a checkpoint and exit code 99; 0: never");
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
    require_counts({{"steps", steps, 1},
                    {"batch-size", batch_size, 1},
                    {"warmup", warmup, 0},
                    {"processes", processes, 1},
                    {"threads", threads, 0},
                    {"sheet-every", sheet_every, 1},
                    {"checkpoint-every", checkpoint_every, 1}});
    require_threads(threads);
    require(0 <= decay_share && decay_share <= 1, "--decay-share ", decay_share, ": give a share from 0 to 1");
    require(0 <= ema && ema < 1, "--ema ", ema, ": give a decay from 0 to below 1");
    require(max_grad_norm > 0, "--max-grad-norm ", max_grad_norm, ": give a number above 0");
    require(max_minutes >= 0, "--max-minutes ", max_minutes, ": give 0 or more");
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

}  // namespace opad
