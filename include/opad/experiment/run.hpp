#pragma once
#include <sys/resource.h>

#include <ATen/autocast_mode.h>
#include <ATen/Parallel.h>

#include <iostream>

#include <opad/data/concept_dataset.hpp>
#include <opad/experiment/learning_curve.hpp>
#include <opad/experiment/metrics.hpp>
#include <opad/experiment/previews.hpp>
#include <opad/experiment/progress.hpp>
#include <opad/experiment/run_folder.hpp>
#include <opad/experiment/run_summary.hpp>
#include <opad/experiment/settings.hpp>
#include <opad/experiment/signals.hpp>
#include <opad/io/event_file.hpp>
#include <opad/sampler/any_sampler.hpp>
#include <opad/space/backbones_of.hpp>
#include <opad/train/trainer.hpp>

namespace opad {

/// Runs a program's body and turns what it throws into one line and an exit code: 2 for bad usage or input, 1 for anything else.
template <class Body>
int guarded_main(const std::string& program, const Body& body) {
  try {
    return body();
  } catch (const Error& error) {
    std::cerr << program << ": " << error.what() << std::endl;
    return 2;
  } catch (const c10::Error& error) {
    std::cerr << program << ": internal error: " << error.what_without_backtrace() << std::endl;
    return 1;
  } catch (const std::exception& error) {
    std::cerr << program << ": internal error: " << error.what() << std::endl;
    return 1;
  }
}

/// Networks' passes in bfloat16 while one lives, where that is asked for.
class Autocast {
 public:
  Autocast(bool on, c10::DeviceType device) : on_(on), device_(device), before_(at::autocast::is_autocast_enabled(device)) {
    if (!on_) return;
    at::autocast::set_autocast_enabled(device_, true);
    at::autocast::set_autocast_dtype(device_, torch::kBFloat16);
    at::autocast::increment_nesting();
  }
  ~Autocast() {
    if (!on_) return;
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(device_, before_);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  bool on_;
  c10::DeviceType device_;
  bool before_;
};

inline torch::Device parse_device(const std::string& text) {
  try {
    const torch::Device device(text);
    require(!device.is_cuda() || at::hasCUDA(), "--device ", text, ": this LibTorch sees no CUDA device; give --device cpu");
    return device;
  } catch (const c10::Error&) {
    fail("--device ", text, " is not a device; give cpu, cuda or cuda:1");
  }
}

/// One training run of a recipe, from options to adapters (design.md §7, §10).
template <class Recipe>
class Run {
 public:
  /// Exit code: 0 done, 130 or 143 stopped by a signal after a checkpoint.
  int operator()(int argc, const char* const* argv) {
    if (!parse(argc, argv)) return 0;
    settings_.complete();
    if (settings_.threads > 0) at::set_num_threads(static_cast<int>(settings_.threads));
    device_ = parse_device(settings_.device);
    ConceptData data = open_concept();
    World world = load_world();
    auto rows = std::make_shared<TokenRows>(TokenRows::from_initializers(world.tokenizer, world.text_encoder->token_table(), settings_.modifier_token,
                                                                       settings_.initializer_token));
    world.to(device_);
    rows->to(device_);
    RunFolder folder(settings_.output, {Recipe::name(), options_->resolved(), options_->decisive()}, existing(), static_cast<std::size_t>(settings_.keep_checkpoints));
    const ConceptDataset dataset(std::move(data), {.resolution = resolution(world), .vae_factor = world.networks.downscale(), .augmentation = settings_.augmentation},
                                 random());
    Trainer<Recipe> trainer(world, slots_, rows, random(),
                            {.steps = settings_.steps, .accumulation = settings_.accumulation, .max_grad_norm = settings_.max_grad_norm});
    return train(folder, world, *rows, dataset, trainer);
  }

 private:
  bool parse(int argc, const char* const* argv) {
    bind();
    if (!options_->parse(argc, argv)) return false;
    if (settings_.resume.empty()) return true;
    if (settings_.resume == ".") settings_.resume = settings_.output.string();  // --resume alone means the run in --output
    const std::filesystem::path run = settings_.resume;
    require(!run.empty(), "--resume: give the folder of the run, or --output");
    require(settings_.output.empty() || settings_.output.lexically_normal() == run.lexically_normal(), "--resume ", run.string(), " and --output ",
            settings_.output.string(), " are two folders, but a run goes on in its own; leave --output out");
    require(latest_checkpoint(run).has_value(), "--resume ", run.string(), ": no run with a checkpoint there; give the run's folder, or leave --resume out");
    // the run's own options, with whatever this command line says on top
    const std::string config = (run / "config.json").string();
    std::vector<const char*> words{argv[0], "--config", config.c_str()};
    words.insert(words.end(), argv + 1, argv + argc);
    settings_ = {};
    slots_ = {};
    bind();
    if (!options_->parse(static_cast<int>(words.size()), words.data())) return false;
    settings_.resume = settings_.output = run;
    return true;
  }

  void bind() {
    options_.emplace(Recipe::name(), "Personalises a one-step diffusion model together with its teacher (OPAD), recipe '" + Recipe::name() + "'.");
    for_each_backbone(viewers(), [&](auto backbone) { settings_.encoders[std::string(decltype(backbone)::type::name)]; });
    settings_.bind(*options_);
    options_->describe_members({{"weight", "weight of the term in the student's loss"}, {"learning_rate", "initial learning rate"}});
    hana::for_each(slots_.losses.terms, [&](auto& term) { options_->bind(c10::str("loss.", term.name), term); });
    std::size_t index = 0;
    const auto critics = slots_.critics.names();
    hana::for_each(slots_.critics.critics, [&](auto& critic) {
      const std::string name = "critic." + critics[index++];
      options_->bind_value(name + ".weight", critic.weight, "weight of the adversarial term in the student's loss");
      options_->bind(name + ".head", critic.head);
    });
    options_->bind("weighting", slots_.weighting);
    options_->bind("target", slots_.target);
    options_->bind("coupling", slots_.coupling);
    options_->bind("adapter", slots_.adapter);
    options_->bind("sampler", slots_.student);
    options_->bind("teacher-optimiser", slots_.teacher_optimiser);
    options_->bind("student-optimiser", slots_.student_optimiser);
    options_->bind("critic-optimiser", slots_.critic_optimiser);
    options_->bind("learning-rate", slots_.learning_rate);
  }

  /// Everything that looks at pictures through a space.
  auto viewers() const { return hana::concat(slots_.losses.terms, slots_.critics.critics); }

  Existing existing() const {
    return !settings_.resume.empty() ? Existing::Resume : settings_.overwrite ? Existing::Overwrite : Existing::Refuse;
  }
  Random random() const { return Random(settings_.seed); }

  /// The photographs. What was passed over is said once, when everything else is found to be in order.
  ConceptData open_concept() {
    ConceptFolder folder = read_concept_folder(settings_.instance_data);
    for (const auto& [file, reason] : folder.skipped) greeting_ += c10::str("skipped ", file.string(), " (", reason, ")\n");
    greeting_ += c10::str(folder.pictures.size(), " pictures of \"", settings_.instance_prompt, "\"\n");
    return {.pictures = std::move(folder.pictures), .instance_prompt = settings_.instance_prompt, .class_pictures = {}, .class_prompt = ""};
  }

  /// Side of training pictures and previews.
  std::int64_t resolution(const World& world) const {
    const std::int64_t own = world.student->config.sample_size * world.networks.downscale();
    require(settings_.resolution > 0 || own > 0, "--resolution is missing: the student's config has no sample_size");
    return settings_.resolution > 0 ? settings_.resolution : own;
  }

  World load_world() {
    World world = World::load(settings_.teacher_folder(), settings_.student_folder());
    for_each_backbone(viewers(), [&](auto backbone) {
      using B = typename decltype(backbone)::type;
      const auto folder = settings_.encoder_folder(std::string(B::name));
      require(std::filesystem::is_directory(folder), folder.string(), ": no such folder; give --", B::name, " the folder of the encoder");
      world.networks.template put<B>(B::load(folder));
    });
    return world;
  }

  int train(RunFolder& folder, World& world, TokenRows& rows, const ConceptDataset& dataset, Trainer<Recipe>& trainer) {
    std::cerr << greeting_ << std::flush;
    const StopSignals signals;
    std::int64_t start = 0;
    if (const auto checkpoint = folder.latest_checkpoint(); checkpoint && existing() == Existing::Resume) {
      const auto file = checkpoint->folder / "state.safetensors";
      trainer.load_state(SafeTensors(file).tensors(), file.string());
      start = checkpoint->step;
    }
    std::filesystem::create_directories(folder.previews());
    EventFile events(folder.path());
    MetricsFile metrics(folder.metrics_file(), trainer.metric_names(), start > 0 ? std::optional(start) : std::nullopt);
    const auto before_file = folder.previews() / "before.safetensors";  // as numbers: a resumed run shows them again at its end
    if (start == 0) {
      before_ = previews(world, trainer);
      write_previews(folder.previews() / numbered(0), events, 0, before_);
      save_safetensors(before_file, {{"pictures", before_}});
    } else {
      before_ = SafeTensors(before_file).tensors().at("pictures");
    }
    Progress progress(Recipe::name(), settings_.steps, start);
    const auto save = [&](std::int64_t step) {
      folder.save_checkpoint(step, [&](const std::filesystem::path& draft) { save_safetensors(draft / "state.safetensors", on_cpu(trainer.state())); });
    };
    RunSummary summary;
    for (std::int64_t iteration = start; iteration < settings_.steps; ++iteration) {
      summary.begin_iteration(world.networks.passes());
      const Readings readings = average(iterate(trainer, dataset, iteration));
      summary.end_iteration(world.networks.passes());
      const std::int64_t step = iteration + 1;
      record(readings, step, trainer.metric_names(), metrics, events);
      progress.update(step, readings);
      if (settings_.preview_every > 0 && step % settings_.preview_every == 0 && step < settings_.steps)
        write_previews(folder.previews() / numbered(step), events, step, previews(world, trainer));
      if (step % settings_.checkpoint_every == 0 || step == settings_.steps || stop_requested()) save(step);
      if (stop_requested() && step < settings_.steps) {
        progress.finish();
        std::cerr << "stopped after step " << step << "; go on with --resume " << folder.path().string() << std::endl;
        return stop_exit_code();
      }
    }
    progress.finish();
    finish(folder, world, rows, trainer, events);
    if (start < settings_.steps) summary.write(folder.path());
    return 0;
  }

  Metrics iterate(Trainer<Recipe>& trainer, const ConceptDataset& dataset, std::int64_t iteration) {
    std::vector<Batch> batches;
    for (std::int64_t k = 0; k < settings_.accumulation; ++k) batches.push_back(dataset.batch(iteration * settings_.accumulation + k, settings_.batch_size));
    const Autocast autocast(settings_.dtype == "bfloat16", device_.type());
    return trainer.iterate(iteration, batches);
  }

  /// Numbers by name, averaged over micro-steps.
  static Readings average(const Metrics& metrics) {
    Readings readings;
    std::map<std::string, int> counts;
    for (const auto& [name, value] : metrics) {
      const auto found = std::find_if(readings.begin(), readings.end(), [&](const auto& r) { return r.first == name; });
      const double number = value.template item<double>();
      require(std::isfinite(number), "training went astray: ", name, " is ", number, "; lower the learning rates, or the weights of the losses");
      if (found == readings.end()) readings.emplace_back(name, number);
      else found->second += number;
      ++counts[name];
    }
    for (auto& [name, value] : readings) value /= counts[name];
    return readings;
  }

  static void record(const Readings& readings, std::int64_t step, const std::vector<std::string>& columns, MetricsFile& metrics, EventFile& events) {
    std::vector<double> row;
    for (const auto& column : columns) {
      const auto found = std::find_if(readings.begin(), readings.end(), [&](const auto& r) { return r.first == column; });
      row.push_back(found == readings.end() ? std::numeric_limits<double>::quiet_NaN() : found->second);
      if (found != readings.end()) events.scalar(column, found->second, step);
    }
    metrics.append(step, row);
    events.flush();
  }

  /// The student's pictures for the validation prompts, from the same noise each time.  [prompts * count, 3, H, W]
  Tensor previews(World& world, Trainer<Recipe>& trainer) const {
    torch::NoGradGuard no_grad;
    std::vector<Tensor> pictures;
    for (const auto& prompt : settings_.validation_prompt) {
      const Tensor condition = trainer.encode(world.tokenizer({prompt}));
      for (std::int64_t i = 0; i < settings_.preview_count; ++i) {
        const Tensor latent = trainer.generate(preview_noise(world, i), condition);
        pictures.push_back(world.networks.decode(latent).cpu());
      }
    }
    return at::cat(pictures);
  }

  /// The teacher's pictures of the same prompts and noise: its own sampler, with guidance.
  Tensor teacher_previews(World& world, Trainer<Recipe>& trainer) const {
    torch::NoGradGuard no_grad;
    std::vector<Tensor> pictures;
    for (const auto& prompt : settings_.validation_prompt) {
      const Tensor condition = trainer.encode(world.tokenizer({prompt}));
      for (std::int64_t i = 0; i < settings_.preview_count; ++i) {
        AnySampler sampler = make_sampler(world.teacher_scheduler, settings_.teacher_preview_steps);
        Tensor x = preview_noise(world, i) * sampler.init_noise_sigma();
        for (std::size_t k = 0; k < sampler.timesteps().size(); ++k) {
          const auto step = static_cast<std::int64_t>(k);
          const Tensor timestep = at::full({1}, sampler.timesteps()[k], x.options());
          const Tensor output = trainer.teacher().predict_guided(sampler.scale_model_input(x, step), timestep, condition, trainer.null_condition(),
                                                                settings_.teacher_preview_guidance);
          x = sampler.step(output, step, x).prev_sample;
        }
        pictures.push_back(world.networks.decode(x).cpu());
      }
    }
    return at::cat(pictures);
  }

  Tensor preview_noise(const World& world, std::int64_t index) const {
    const std::int64_t side = resolution(world) / world.networks.downscale();
    return random().stream("preview/noise", index).normal({1, world.networks.vae_config().latent_channels, side, side}).to(device_);
  }

  void write_previews(const std::filesystem::path& file, EventFile& events, std::int64_t step, const Tensor& pictures) const {
    const Tensor grid = preview_rows(pictures, "step " + std::to_string(step));
    write_png(file, grid);
    events.image("previews", grid, step);
    events.flush();
  }

  Tensor of_prompt(const Tensor& pictures, std::size_t i) const {
    return pictures.narrow(0, static_cast<std::int64_t>(i) * settings_.preview_count, settings_.preview_count);
  }

  /// A row for each prompt.
  Tensor preview_rows(const Tensor& pictures, const std::string& title) const {
    std::vector<PreviewRow> rows;
    for (std::size_t i = 0; i < settings_.validation_prompt.size(); ++i)
      rows.push_back({.images = of_prompt(pictures, i), .label = settings_.validation_prompt[i], .captions = {}});
    return preview(rows, title);
  }

  /// Final pictures, curves and adapters.
  void finish(RunFolder& folder, World& world, TokenRows& rows, Trainer<Recipe>& trainer, EventFile& events) {
    const Tensor after = previews(world, trainer);
    write_previews(folder.previews() / numbered(settings_.steps), events, settings_.steps, after);
    std::vector<PreviewRow> comparison;
    for (std::size_t i = 0; i < settings_.validation_prompt.size(); ++i) {
      comparison.push_back({.images = of_prompt(before_, i), .label = "before", .captions = {}});
      comparison.push_back({.images = of_prompt(after, i), .label = "after", .captions = {static_cast<std::size_t>(settings_.preview_count), settings_.validation_prompt[i]}});
    }
    write_png(folder.previews() / "before-after.png", preview(comparison, "one step, before and after " + std::to_string(settings_.steps) + " iterations"));
    if (settings_.teacher_preview_steps > 0)
      write_png(folder.previews() / "teacher.png",
                preview_rows(teacher_previews(world, trainer), c10::str("teacher, ", settings_.teacher_preview_steps, " steps")));
    write_png(folder.path() / "learning-curve.png", learning_curves(read_metrics(folder.metrics_file())));
    for (const auto& [unet, where] : {std::pair{world.student, folder.path()}, std::pair{world.teacher, folder.path() / "teacher"}}) {
      std::filesystem::create_directories(where);
      slots_.adapter.save(*unet, where);
      rows.save(where);
    }
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    std::cerr << "peak memory " << usage.ru_maxrss / 1024 << " MiB\n"
              << "adapters: " << folder.path().string() << " (teacher's in teacher/)\npictures: " << (folder.previews() / "before-after.png").string()
              << "\ncurves:   " << (folder.path() / "learning-curve.png").string() << std::endl;
  }

  static std::string numbered(std::int64_t step) {
    std::string digits = std::to_string(step);
    return "step-" + std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits + ".png";
  }
  static Tensors on_cpu(Tensors tensors) {
    for (auto& [name, t] : tensors) t = t.cpu();
    return tensors;
  }

  RunSettings settings_;
  Policies<Recipe> slots_;
  std::optional<Options> options_;
  torch::Device device_ = torch::kCPU;
  Tensor before_;
  std::string greeting_;
};

/// The whole of an experiment's main:  int main(int argc, char** argv) { return opad::run<MyRecipe>(argc, argv); }
template <class Recipe>
int run(int argc, char** argv) {
  return guarded_main(Recipe::name(), [&] { return Run<Recipe>()(argc, argv); });
}

}  // namespace opad
