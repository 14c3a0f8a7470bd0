#pragma once
#include <sys/resource.h>

#include <ATen/Parallel.h>

#include <iostream>

#include <opad/core/autocast.hpp>
#include <opad/data/concept_dataset.hpp>
#include <opad/experiment/collaboration.hpp>
#include <opad/experiment/guarded_main.hpp>
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
#include <opad/train/explain.hpp>

namespace opad {

/// One training run of a recipe, from options to adapters (design.md §7, §10).
template <class Recipe>
class Run {
  using Coupling = typename Policies<Recipe>::Coupling;

 public:
  /// Exit code: 0 done, 130 or 143 stopped by a signal after a checkpoint.
  int operator()(int argc, const char* const* argv) {
    if (!parse(argc, argv)) return 0;
    if (settings_.threads > 0) at::set_num_threads(static_cast<int>(settings_.threads));
    device_ = parse_device(settings_.device);
    if (settings_.explain) return explain_costs();
    settings_.complete();
    check_teacher_adapters();
    open_concepts();
    World world = load_world();
    const auto rows = new_rows(world);
    const RunDescription description{Recipe::name(), options_->resolved(), options_->decisive(), Recipe::preset(),
                                     policies()};
    if (settings_.scale_lr)
      slots_.student_optimiser.learning_rate *=
          static_cast<double>(settings_.batch_size * settings_.accumulation * (has_prior() ? 2 : 1));
    Trainer<Recipe> trainer(world, slots_, rows, random(), trainer_options());
    if (!settings_.teacher_adapters.empty()) slots_.teacher_adapter.load(*world.teacher, settings_.teacher_adapters);
    RunFolder folder(settings_.output, description, existing(),
                     static_cast<std::size_t>(settings_.keep_checkpoints));  // last: what is refused leaves none
    if (settings_.class_images > 0) make_class_pictures(folder.path() / "class-images", world, trainer);
    return train(folder, world, trainer);
  }

  /// Names of everything that its command line can be told.
  static std::vector<std::string> option_names() {
    Run run;
    run.bind();
    std::vector<std::string> names;
    for (const auto& option : run.options_->all()) names.push_back(option.name);
    return names;
  }

 private:
  bool parse(int argc, const char* const* argv) {
    bind();
    if (!options_->parse(argc, argv)) return false;
    if (settings_.resume.empty()) return true;
    if (settings_.resume == ".")
      settings_.resume = settings_.output.string();  // --resume alone means the run in --output
    const std::filesystem::path run = settings_.resume;
    require(!run.empty(), "--resume: give the folder of the run, or --output");
    require(latest_checkpoint(run).has_value(), "--resume ", run.string(),
            ": no run with a checkpoint there; give the run's folder, or leave --resume out");
    require(settings_.output.empty() || settings_.output.lexically_normal() == run.lexically_normal(), "--resume ",
            run.string(), " and --output ", settings_.output.string(),
            " are two folders, but a run goes on in its own; leave --output out");
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
    options_.emplace(
        Recipe::name(),
        "Personalises a one-step diffusion model together with its teacher (OPAD), recipe '" + Recipe::name() + "'.");
    if constexpr (requires { Recipe::defaults(settings_); }) Recipe::defaults(settings_);
    for_each_backbone(viewers(),
                      [&](auto backbone) { settings_.encoders[std::string(decltype(backbone)::type::name)]; });
    settings_.bind(*options_);
    options_->describe_members(
        {{"weight", "weight of the term in the student's loss"},
         {"learning_rate", "initial learning rate"},
         {"warmup", "iterations at the beginning in which every learning rate rises"},
         {"cooldown_share", "share of the iterations, at the end, in which every learning rate falls"}});
    hana::for_each(slots_.losses.terms, [&](auto& term) { options_->bind(c10::str("loss.", term.name), term); });
    std::size_t index = 0;
    const auto critics = slots_.critics.names();
    hana::for_each(slots_.critics.critics, [&](auto& critic) {
      const std::string name = "critic." + critics[index++];
      options_->bind_value(name + ".weight", critic.weight, "weight of the adversarial term in the student's loss");
      options_->bind_value(name + ".warmup", critic.warmup,
                           "the student's iterations in which that weight rises from 0");
      if constexpr (requires { critic.head; }) {
        options_->bind(name + ".head", critic.head);
        options_->bind(name + ".objective", critic.objective);
        options_->bind(name + ".regulariser", critic.regulariser);
        if constexpr (!decltype(critic.augmentation)::empty)
          options_->bind_value(name + ".same-for-both", critic.augmentation.same_for_both,
                               "whether real and made pictures are changed by the same draws");
        hana::for_each(critic.augmentation.changes,
                       [&](auto& change) { options_->bind(c10::str(name, ".", change.name), change); });
      } else {
        options_->bind(name, critic);
      }
    });
    options_->bind("real", slots_.real);
    options_->bind("weighting", slots_.weighting);
    options_->bind("target", slots_.target);
    options_->bind("coupling", slots_.coupling);
    options_->bind("teacher-adapter", slots_.teacher_adapter);
    options_->bind("student-adapter", slots_.student_adapter);
    options_->bind("sampler", slots_.student);
    options_->bind("token-optimiser", slots_.token_optimiser);
    options_->bind("teacher-optimiser", slots_.teacher_optimiser);
    options_->bind("student-optimiser", slots_.student_optimiser);
    options_->bind("critic-optimiser", slots_.critic_optimiser);
    options_->bind("learning-rate", slots_.learning_rate);
    options_->bind("average", slots_.average);
  }

  /// Everything that looks at pictures through a space.
  auto viewers() const {
    const auto policies = hana::concat(slots_.losses.terms, slots_.critics.critics);
    if constexpr (requires { typename Coupling::Filter::space; }) return hana::append(policies, slots_.coupling.filter);
    else return policies;
  }

  /// The names of the policies in each slot.
  Json policies() const {
    Json terms = Json::array();
    hana::for_each(slots_.losses.terms, [&](const auto& term) { terms.push_back(term.name); });
    return {{"losses", terms},
            {"critics", slots_.critics.names()},
            {"real", slots_.real.name},
            {"weighting", slots_.weighting.name},
            {"target", slots_.target.name},
            {"coupling", slots_.coupling.name},
            {"text", slots_.text.name},
            {"tokens", slots_.tokens.name},
            {"teacher-adapter", slots_.teacher_adapter.name},
            {"student-adapter", slots_.student_adapter.name},
            {"learning-rate", slots_.learning_rate.name},
            {"average", slots_.average.name}};
  }

  Existing existing() const {
    return !settings_.resume.empty() ? Existing::Resume : settings_.overwrite ? Existing::Overwrite : Existing::Refuse;
  }
  Random random() const { return Random(settings_.seed); }

  TrainerOptions trainer_options() const {
    return {.steps = settings_.steps,
            .accumulation = settings_.accumulation,
            .prior_loss_weight = settings_.prior_loss_weight,
            .max_grad_norm = settings_.max_grad_norm};
  }
  bool has_prior() const { return settings_.class_images > 0 || !settings_.class_data.empty(); }

  void check_teacher_adapters() const {
    const bool given = !settings_.teacher_adapters.empty();
    require(Coupling::has_teacher || !given, "--teacher-adapters: the recipe ", Recipe::name(),
            " has no teacher; leave it out");
    require(Coupling::trains_teacher || !Coupling::has_teacher || given, "--teacher-adapters is missing: the coupling ",
            Coupling::name, " trains no teacher; give the folder teacher/ of a run that did");
    require(!given || std::filesystem::is_directory(settings_.teacher_adapters), settings_.teacher_adapters.string(),
            ": no such folder; give the folder "
            "teacher/ of a run");
  }

  /// The photographs of every concept, and the given pictures of their classes. What was passed over is said once, when
  /// everything else is found to be in order.
  void open_concepts() {
    const auto pictures = [&](const std::filesystem::path& path) {
      ConceptFolder folder = read_concept_folder(path);
      for (const auto& [file, reason] : folder.skipped)
        greeting_ += c10::str("skipped ", file.string(), " (", reason, ")\n");
      return std::move(folder.pictures);
    };
    for (std::size_t i = 0; i < settings_.instance_data.size(); ++i) {
      ConceptData data{.pictures = pictures(settings_.instance_data[i]),
                       .instance_prompt = settings_.instance_prompt[i],
                       .class_pictures = {},
                       .class_prompt = ""};
      greeting_ += c10::str(data.pictures.size(), " pictures of \"", data.instance_prompt, "\"\n");
      if (has_prior()) data.class_prompt = settings_.class_prompt[i];
      if (!settings_.class_data.empty()) {
        data.class_pictures = pictures(settings_.class_data[i]);
        greeting_ += c10::str(data.class_pictures.size(), " pictures of \"", data.class_prompt, "\"\n");
      }
      concepts_.push_back(std::move(data));
    }
  }

  /// Prior preservation without given pictures: the base model makes some of every class before anything is trained,
  /// the teacher with its own sampler, or the student where there is none. A resumed run finds them in its folder.
  void make_class_pictures(const std::filesystem::path& folder, World& world, Trainer<Recipe>& trainer) {
    torch::NoGradGuard no_grad;
    std::filesystem::create_directories(folder);
    for (std::size_t c = 0; c < concepts_.size(); ++c) {
      for (std::int64_t i = 0; i < settings_.class_images; ++i) {
        const auto file = folder / c10::str(c, "-", i, ".png");
        if (!std::filesystem::exists(file)) {
          const Tensor noise =
              latent_noise(world, "class/noise", static_cast<std::int64_t>(c) * settings_.class_images + i);
          const Tensor ids = world.tokenizer({concepts_[c].class_prompt});
          write_png(file, previews_detail::bytes(world.networks.decode(
                              Coupling::has_teacher ? sample_teacher(world, trainer, noise, trainer.encode(ids))
                                                    : trainer.generate(noise, trainer.encode_for_student(ids)))[0]));
        }
        concepts_[c].class_pictures.push_back(read_image(file));
      }
    }
  }

  /// The new tokens, each starting as a known row or as a given teacher learned it.
  std::shared_ptr<TokenRows> new_rows(World& world) const {
    std::vector<std::int64_t> ids;
    for (const auto& word : settings_.initializer_token) ids.push_back(slots_.tokens.initial_id(world.tokenizer, word));
    auto rows = std::make_shared<TokenRows>(
        TokenRows::from_ids(world.tokenizer, world.text_encoder->token_table(), settings_.modifier_token, ids));
    if (!settings_.teacher_adapters.empty()) rows->load(settings_.teacher_adapters);
    rows->to(device_);
    return rows;
  }

  ConceptDataset dataset(const World& world) const {
    return {concepts_,
            {.resolution = resolution(world),
             .vae_factor = world.networks.downscale(),
             .augmentation = settings_.augmentation},
            random()};
  }

  /// --explain: the passes of an iteration, counted on a batch of noise.
  int explain_costs() {
    World world = load_world();
    settings_.initializer_token.clear();
    const std::vector<std::int64_t> ids(settings_.modifier_token.size(), 0);
    const auto rows = std::make_shared<TokenRows>(
        TokenRows::from_ids(world.tokenizer, world.text_encoder->token_table(), settings_.modifier_token, ids));
    rows->to(device_);
    const std::int64_t side = resolution(world), latent = side / world.networks.downscale(),
                       n = settings_.batch_size * (has_prior() ? 2 : 1);
    const Tensor noise = random().stream("explain").normal({n, 3, side, side});
    const Batch batch{
        noise, torch::ones({n, 1, latent, latent}),
        std::vector<std::string>(static_cast<std::size_t>(n), "a photo of a " + settings_.modifier_token[0]), noise};
    Trainer<Recipe> trainer(world, slots_, rows, random(), trainer_options());
    std::cout << "recipe " << Recipe::name() << ", batch " << n << ", " << side << " pixels\n"
              << to_text(explain(trainer, world, batch, trainer_options()));
    return 0;
  }

  /// Side of training pictures and previews.
  std::int64_t resolution(const World& world) const {
    const std::int64_t own = world.student->config.sample_size * world.networks.downscale();
    require(settings_.resolution > 0 || own > 0, "--resolution is missing: the student's config has no sample_size");
    return settings_.resolution > 0 ? settings_.resolution : own;
  }

  World load_world() {
    World world =
        World::load(settings_.teacher_folder(), settings_.student_folder(),
                    {.teacher = Coupling::has_teacher, .student_text_encoder = !decltype(slots_.text)::shared});
    for_each_backbone(viewers(), [&](auto backbone) {
      using B = typename decltype(backbone)::type;
      const auto folder = settings_.encoder_folder(std::string(B::name));
      require(std::filesystem::exists(folder), folder.string(), ": no such folder or file; give --", B::name,
              " the encoder's");
      world.networks.template put<B>(B::load(folder));
    });
    world.to(device_);
    return world;
  }

  int train(RunFolder& folder, World& world, Trainer<Recipe>& trainer) {
    std::cerr << greeting_ << std::flush;
    const StopSignals signals;
    std::optional<Prefetch> data(std::in_place, dataset(world), settings_.batch_size);
    std::int64_t start = 0;
    if (const auto checkpoint = folder.latest_checkpoint(); checkpoint && existing() == Existing::Resume) {
      const auto file = checkpoint->folder / "state.safetensors";
      trainer.load_state(SafeTensors(file).tensors(), file.string());
      start = checkpoint->step;
    }
    std::filesystem::create_directories(folder.previews());
    EventFile events(folder.path());
    MetricsFile metrics(folder.metrics_file(), trainer.metric_names(), start > 0 ? std::optional(start) : std::nullopt);
    const auto before_file =
        folder.previews() / "before.safetensors";  // as numbers: a resumed run shows them again at its end
    if (start == 0) {
      before_ = previews(world, trainer);
      write_previews(folder.previews() / numbered(0), events, 0, before_);
      save_safetensors(before_file, {{"pictures", before_}});
    } else {
      before_ = SafeTensors(before_file).tensors().at("pictures");
    }
    Progress progress(Recipe::name(), settings_.steps, start);
    const auto save = [&](std::int64_t step) {
      folder.save_checkpoint(step, [&](const std::filesystem::path& draft) {
        save_safetensors(draft / "state.safetensors", on_cpu(trainer.state()));
      });
    };
    RunSummary summary;
    if constexpr (HasSecondStage<Coupling>)
      if (start > slots_.coupling.boundary(settings_.steps))
        data.emplace(with_made_pictures(folder, world), settings_.batch_size);
    for (std::int64_t iteration = start; iteration < settings_.steps; ++iteration) {
      if constexpr (HasSecondStage<Coupling>) {
        if (iteration == slots_.coupling.boundary(settings_.steps)) {
          begin_second_stage(folder, world, trainer);
          data.emplace(with_made_pictures(folder, world), settings_.batch_size);
        }
      }
      summary.begin_iteration(world.networks.passes());
      const Readings readings = average(iterate(trainer, *data, iteration));
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
    finish(folder, world, trainer, events);
    if (start < settings_.steps) summary.write(folder.path());
    return 0;
  }

  /// The student makes its pictures, and both models are put on record as they are before they learn from them:
  /// adapters and the teacher's pictures in joint/, the student's in collaborative/.
  void begin_second_stage(RunFolder& folder, World& world, Trainer<Recipe>& trainer) {
    save_adapters(folder.path() / "joint", world, trainer);
    write_teacher_previews(folder.previews() / "teacher-before-collaboration.png", world, trainer,
                           "teacher before the second stage");
    for (std::size_t c = 0; c < concepts_.size(); ++c) {
      const MadePictures made =
          make_pictures(trainer, world, random(), concepts_[c], static_cast<std::int64_t>(c), resolution(world));
      save_made(made_folder(folder, c), made);
      std::cerr << c10::str("second stage: ", made.kept.size(), " of ", made.pictures.size(), " pictures of \"",
                            concepts_[c].instance_prompt, "\" join\n");
    }
  }
  static std::filesystem::path made_folder(const RunFolder& folder, std::size_t which) {
    return folder.path() / "collaborative" / std::to_string(which);
  }
  ConceptDataset with_made_pictures(const RunFolder& folder, const World& world) {
    const std::int64_t pairs = dataset(world).size() / static_cast<std::int64_t>(concepts_.size());
    for (std::size_t c = 0; c < concepts_.size(); ++c) add_made(concepts_[c], load_made(made_folder(folder, c)), pairs);
    return dataset(world);
  }

  Metrics iterate(Trainer<Recipe>& trainer, Prefetch& data, std::int64_t iteration) {
    std::vector<Batch> batches;
    for (std::int64_t k = 0; k < settings_.accumulation; ++k)
      batches.push_back(data.batch(iteration * settings_.accumulation + k));
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
      require(std::isfinite(number), "training went astray: ", name, " is ", number,
              "; lower the learning rates, or the weights of the losses");
      if (found == readings.end()) readings.emplace_back(name, number);
      else found->second += number;
      ++counts[name];
    }
    for (auto& [name, value] : readings) value /= counts[name];
    return readings;
  }

  static void record(const Readings& readings, std::int64_t step, const std::vector<std::string>& columns,
                     MetricsFile& metrics, EventFile& events) {
    std::vector<double> row;
    for (const auto& column : columns) {
      const auto found =
          std::find_if(readings.begin(), readings.end(), [&](const auto& r) { return r.first == column; });
      row.push_back(found == readings.end() ? std::numeric_limits<double>::quiet_NaN() : found->second);
      if (found != readings.end()) events.scalar(column, found->second, step);
    }
    metrics.append(step, row);
    events.flush();
  }

  /// The student's pictures for the validation prompts, from the same noise each time.  [prompts * count, 3, H, W]
  Tensor previews(World& world, Trainer<Recipe>& trainer) const {
    torch::NoGradGuard no_grad;
    const typename Trainer<Recipe>::Kept kept(trainer);
    std::vector<Tensor> pictures;
    for (const auto& prompt : settings_.validation_prompt) {
      const Tensor condition = trainer.encode_for_student(world.tokenizer({prompt}));
      for (std::int64_t i = 0; i < settings_.preview_count; ++i) {
        const Tensor latent = trainer.generate(latent_noise(world, "preview/noise", i), condition);
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
      for (std::int64_t i = 0; i < settings_.preview_count; ++i)
        pictures.push_back(
            world.networks.decode(sample_teacher(world, trainer, latent_noise(world, "preview/noise", i), condition))
                .cpu());
    }
    return at::cat(pictures);
  }
  void write_teacher_previews(const std::filesystem::path& file, World& world, Trainer<Recipe>& trainer,
                              const std::string& title) const {
    if (!Coupling::has_teacher || settings_.teacher_preview_steps == 0) return;
    write_png(file, preview_rows(teacher_previews(world, trainer),
                                 c10::str(title, ", ", settings_.teacher_preview_steps, " steps")));
  }

  /// The teacher's clean latents from noise.
  Tensor sample_teacher(const World& world, const Trainer<Recipe>& trainer, const Tensor& noise,
                        const Tensor& condition) const {
    AnySampler sampler =
        make_sampler(world.teacher_scheduler, std::max<std::int64_t>(settings_.teacher_preview_steps, 1));
    return sample_guided(trainer.teacher(), sampler, noise * sampler.init_noise_sigma(), condition,
                         trainer.null_condition(), settings_.teacher_preview_guidance);
  }

  Tensor latent_noise(const World& world, const std::string& stream, std::int64_t index) const {
    const std::int64_t side = resolution(world) / world.networks.downscale();
    return random()
        .stream(stream, index)
        .normal({1, world.networks.vae_config().latent_channels, side, side})
        .to(device_);
  }

  void write_previews(const std::filesystem::path& file, EventFile& events, std::int64_t step,
                      const Tensor& pictures) const {
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
  void finish(RunFolder& folder, World& world, Trainer<Recipe>& trainer, EventFile& events) {
    const Tensor after = previews(world, trainer);
    write_previews(folder.previews() / numbered(settings_.steps), events, settings_.steps, after);
    std::vector<PreviewRow> comparison;
    for (std::size_t i = 0; i < settings_.validation_prompt.size(); ++i) {
      comparison.push_back({.images = of_prompt(before_, i), .label = "before", .captions = {}});
      comparison.push_back(
          {.images = of_prompt(after, i),
           .label = "after",
           .captions = {static_cast<std::size_t>(settings_.preview_count), settings_.validation_prompt[i]}});
    }
    write_png(folder.previews() / "before-after.png",
              preview(comparison, "one step, before and after " + std::to_string(settings_.steps) + " iterations"));
    write_teacher_previews(folder.previews() / "teacher.png", world, trainer, "teacher");
    write_png(folder.path() / "learning-curve.png", learning_curves(read_metrics(folder.metrics_file())));
    save_adapters(folder.path(), world, trainer);
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    std::cerr << "peak memory " << usage.ru_maxrss / 1024 << " MiB\n"
              << "adapters: " << folder.path().string() << (Coupling::has_teacher ? " (teacher's in teacher/)" : "")
              << "\npictures: " << (folder.previews() / "before-after.png").string()
              << "\ncurves:   " << (folder.path() / "learning-curve.png").string() << std::endl;
  }

  /// What trained of the student, and in teacher/ of the teacher: weights and learned tokens.
  void save_adapters(const std::filesystem::path& where, World& world, Trainer<Recipe>& trainer) {
    const typename Trainer<Recipe>::Kept kept(trainer);
    std::filesystem::create_directories(where);
    slots_.student_adapter.save(*world.student, where);
    trainer.student_rows().save(where);
    if constexpr (Coupling::has_teacher) {
      std::filesystem::create_directories(where / "teacher");
      slots_.teacher_adapter.save(*world.teacher, where / "teacher");
      trainer.rows().save(where / "teacher");
    }
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
  std::vector<ConceptData> concepts_;
  Tensor before_;
  std::string greeting_;
};

/// The whole of an experiment's main:  int main(int argc, char** argv) { return opad::run<MyRecipe>(argc, argv); }
template <class Recipe>
int run(int argc, char** argv) {
  return guarded_main(Recipe::name(), [&] { return Run<Recipe>()(argc, argv); });
}

/// One program for a list of recipes, chosen by --recipe NAME:
///   int main(int argc, char** argv) { return opad::run_one_of(hana::tuple_t<Paper, Release>, argc, argv); }
template <class Recipes>
int run_one_of(const Recipes& recipes, int argc, char** argv) {
  std::vector<char*> others(argv, argv + argc);
  const auto at =
      std::find_if(others.begin(), others.end(), [](const char* word) { return std::string_view(word) == "--recipe"; });
  const std::string wanted = at != others.end() && at + 1 != others.end() ? at[1] : "";
  if (!wanted.empty()) others.erase(at, at + 2);
  std::string names;
  std::optional<int> code;
  hana::for_each(recipes, [&](auto recipe) {
    using Recipe = typename decltype(recipe)::type;
    names += (names.empty() ? "" : ", ") + Recipe::name();
    if (Recipe::name() == wanted) code = run<Recipe>(static_cast<int>(others.size()), others.data());
  });
  if (code) return *code;
  return guarded_main(argv[0], [&]() -> int {
    fail(wanted.empty() ? "--recipe is missing" : "--recipe " + wanted + " is not one of this program's",
         "; give one of ", names);
  });
}

}  // namespace opad
