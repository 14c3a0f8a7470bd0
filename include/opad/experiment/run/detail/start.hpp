#pragma once
#include <ATen/Parallel.h>

#include <iostream>

#include <opad/core/fastest_memory_format.hpp>
#include <opad/core/fastest_type.hpp>
#include <opad/core/mkl_dispatch.hpp>
#include <opad/experiment/options/shell_word.hpp>
#include <opad/experiment/run/class_pictures.hpp>
#include <opad/experiment/run/complete_settings.hpp>
#include <opad/experiment/run/concept_list.hpp>
#include <opad/experiment/run/contents.hpp>
#include <opad/experiment/run/detail/command_line.hpp>
#include <opad/experiment/run/detail/train_share.hpp>
#include <opad/experiment/run/detail/training_run.hpp>
#include <opad/experiment/run/guarded_main.hpp>
#include <opad/experiment/run/resources.hpp>
#include <opad/io/digest.hpp>

/// What a run does before its first iteration: everything that can be refused is refused here, before there is a
/// folder.
namespace opad {

OPAD_ONCE int TrainingRun::operator()(int argc, const char* const* argv) {
  const Launch launch = launch_of_process();
  const std::vector<const char*> words = restarted_words(launch, {argv, argv + argc});
  if (!parse(static_cast<int>(words.size()), words.data())) return 0;
  started_as_ = shell_word(argv[0]);
  for (const auto& word : program_.chosen_by) started_as_ += " " + shell_word(word);
  if (!settings_.explain) ranks_ = join(launch);  // a signal that comes before they have met ends the process
  const StopSignals signals(/*speaks=*/ranks_.first());
  check_numbers(settings_);
  mkl_dispatches_by_instructions() = settings_.mkl_dispatch == "instructions";
  read_concept_list(settings_);
  if (settings_.threads > 0) at::set_num_threads(static_cast<int>(settings_.threads));
  device_ = parse_device(settings_.device);
  if (ranks_.several() && device_.is_cuda() && !device_.has_index())
    device_ = torch::Device(torch::kCUDA, static_cast<torch::DeviceIndex>(ranks_.local_rank()));
  method_ = recipe_->method();
  if (settings_.explain) return explain_costs();
  complete(settings_);
  choose_for_machine();
  ranks_.require_equal_shares(settings_.accumulation);
  check_teacher_adapters();
  const PartsRecord parts = this->parts();
  RunDescription description = this->description(parts);
  RunFolder::check(settings_.output, description, existing());  // minutes before the folder is made
  concepts_ = open_concepts(settings_);
  concepts_.greeting += choices_ + word_about_memory(parts);
  open_validation();
  World world = load_world(parts);
  description.contents = contents_of(settings_, parts, world, encoders_, concepts_);
  RunFolder::check(settings_.output, description, existing());
  world.to(device_);
  require_room(world);
  std::vector<std::int64_t> ids;
  for (const auto& word : settings_.initializer_token) ids.push_back(method_->initial_id(world.tokenizer, word));
  const auto rows = new_rows(world, ids);
  for (const auto& words : settings_.instance_prompt)
    for (const auto& token : settings_.modifier_token)
      if (words.find(token) != std::string::npos)
        for (const auto& form : prompt_templates) require_seen(world.tokenizer, fill_template(form, words), token);
  for (const ConceptData& data : concepts_.data)
    for (const auto& caption : data.captions)
      for (const auto& token : settings_.modifier_token)
        if (caption.find(token) != std::string::npos) require_seen(world.tokenizer, caption, token);
  if (settings_.scale_lr) {
    recipe_->scale_student_rate(
        static_cast<double>(settings_.batch_size * settings_.accumulation * (settings_.has_prior() ? 2 : 1)));
    method_ = recipe_->method();
  }
  Trainer trainer(world, *method_, rows, Random(settings_.seed), trainer_options(world));
  if (!settings_.teacher_adapters.empty()) method_->teacher_adapter.load(*world.teacher, settings_.teacher_adapters);
  trainer.check();
  RunPictures pictures(settings_, world, trainer, resolution(world));
  if (const auto remark = pictures.check_teacher(); !remark.empty())
    concepts_.greeting += c10::str("the teacher's ", remark, "\n");
  if (settings_.class_images > 0 && method_->has_teacher)
    choose_sampler(world.teacher_scheduler, settings_.class_steps);
  {
    auto concepts = concepts_.data;  // pictures of the class are made later
    if (settings_.class_images > 0)
      for (auto& each : concepts) each.class_pictures = {each.pictures[0]};
    dataset(world, concepts).batch(0, 1);
  }
  const bool resumes = existing() == Existing::Resume && latest_checkpoint(settings_.output).has_value();
  const Tensor before = resumes || stop_requested() || !ranks_.first()
                            ? Tensor()
                            : pictures.student(true);  // the sampler refuses its numbers
  if (ranks_.any(stop_requested())) {                  // here every rank has found everything in order
    ranks_.leave();
    if (ranks_.first()) std::cerr << "stopped before the run began; the same command starts it" << std::endl;
    return ranks_stop_exit_code();
  }
  if (!ranks_.first()) return train_share(world, trainer);
  const RunFolder folder(settings_.output, description, existing(),
                         static_cast<std::size_t>(settings_.keep_checkpoints));
  if (settings_.class_images > 0)
    make_class_pictures(folder, settings_, *method_, resolution(world), device_, concepts_.data);
  return train(folder, world, trainer, pictures, before);
}

/// Replaces each "auto" by the choice of the run that goes on, or by the faster one here. Every rank measures for
/// itself, and the first one decides.
OPAD_ONCE void TrainingRun::choose_for_machine() {
  const auto file = settings_.output / "config.json";
  const auto choose = [&](std::string& setting, const std::string& option, const char* what, const auto& fastest) {
    const bool free = setting == "auto";
    if (free && !settings_.resume.empty() && std::filesystem::exists(file)) {
      const Json config = read_json(file);
      if (const auto options = config.find("options"); options != config.end() && options->is_object())
        setting = options->value(option, setting);
    }
    if (setting == "auto") setting = fastest();
    ranks_.broadcast(setting);
    if (free) choices_ += c10::str(what, " ", setting, " (--", option, " auto)\n");
  };
  choose(settings_.dtype, "dtype", "networks compute in", [&] { return fastest_type(device_.type()); });
  choose(settings_.memory_format, "memory-format", "feature maps are",
         [&] { return fastest_memory_format(device_.type(), bfloat16()); });
}

OPAD_ONCE Existing TrainingRun::existing() const {
  return !settings_.resume.empty() ? Existing::Resume : settings_.overwrite ? Existing::Overwrite : Existing::Refuse;
}

OPAD_ONCE void TrainingRun::check_teacher_adapters() const {
  const bool given = !settings_.teacher_adapters.empty();
  require(method_->has_teacher || !given, "--teacher-adapters: the recipe ", program_.name,
          " has no teacher; leave it out");
  require(method_->trains_teacher || !method_->has_teacher || given, "--teacher-adapters is missing: the coupling ",
          recipe_->policies().at("coupling").get<std::string>(),
          " trains no teacher; give the folder teacher/ of a run that did");
  if (given) require_folder(settings_.teacher_adapters, "give --teacher-adapters the folder teacher/ of a run");
}

/// On the rank that writes. The columns of metrics.csv are those that the run began with.
OPAD_ONCE void TrainingRun::open_validation() {
  const auto before = settings_.output / "config.json";
  if (existing() == Existing::Resume && latest_checkpoint(settings_.output) && std::filesystem::exists(before)) {
    const std::int64_t was = json_in(before, [&] {
      return read_json(before).value("options", Json::object()).value("validation-every", std::int64_t{0});
    });
    require((was > 0) == (settings_.validation_every > 0), "--validation-every was ", was, " and is ",
            settings_.validation_every,
            ": scores cannot begin or end on the way, as metrics.csv has their columns or has "
            "not; leave it out, or --output another folder");
  }
  if (settings_.validation_every == 0 || !ranks_.first()) return;
  const auto folder = settings_.evaluation_folder();
  require(std::filesystem::is_directory(folder), folder.string(),
          ": no such folder; --validation-every needs --evaluation-encoders with the folder of clip/ and dino/");
  validation_.emplace(settings_, concepts_.data, device_);
}

OPAD_ONCE PartsRecord TrainingRun::parts() const {
  return parts_of_training(settings_.teacher_folder(), settings_.student_folder(), method_->has_teacher,
                           !method_->shared_words);
}

/// Before the learning rate is scaled: the record has the options as they were given.
OPAD_ONCE RunDescription TrainingRun::description(const PartsRecord& parts) const {
  Json options = options_->resolved();
  for (const char* once : {"resume", "overwrite"}) options.erase(once);  // of the command, not of the run
  return {program_.name, std::move(options), options_->decisive(), program_.preset, recipe_->policies(), parts.json()};
}

/// On a GPU the networks' memory is its own; the pictures of an update are made here.
OPAD_ONCE void TrainingRun::require_room(const World& world) const {
  const std::int64_t side = resolution(world);
  const auto batch = static_cast<double>(settings_.batch_size) * (settings_.has_prior() ? 2 : 1),
             picture = bytes_of_picture(side),
             learning =
                 device_.is_cpu() ? bytes_of_learning(world.student->config, side / world.networks.downscale()) : 0;
  opad::require_room("batch-size", batch, picture + learning);
  opad::require_room("accumulation", batch * static_cast<double>(settings_.accumulation), picture);
  opad::require_room(
      "preview-count",
      static_cast<double>(settings_.preview_count) * static_cast<double>(settings_.validation_prompt.size()), picture);
  opad::require_room("class-images", static_cast<double>(settings_.class_images), picture / sizeof(float));
}

OPAD_ONCE World TrainingRun::load_world(const PartsRecord& parts) {
  World world = World::load(parts, method_->has_teacher);
  for (const auto& encoder : recipe_->encoders()) {
    const auto folder = settings_.encoder_folder(encoder.name);
    require(std::filesystem::exists(folder), folder.string(), ": no such folder or file; give --", encoder.name,
            " the encoder's");
    const auto network = encoder.load(folder, world.networks);
    encoders_[encoder.name] = digest(digest(parameters_of(*network)) + digest_of_texts(folder));
  }
  return world;
}

/// The new tokens, each starting as a known row or as a given teacher learned it.
OPAD_ONCE std::shared_ptr<TokenRows> TrainingRun::new_rows(World& world, const std::vector<std::int64_t>& ids) const {
  auto rows = std::make_shared<TokenRows>(
      TokenRows::from_ids(world.tokenizer, world.text_encoder->token_table(), settings_.modifier_token, ids));
  if (!settings_.teacher_adapters.empty())
    rows->load(read_trained_tokens(settings_.teacher_adapters), settings_.teacher_adapters.string());
  rows->to(device_);
  return rows;
}

OPAD_ONCE ConceptDataset TrainingRun::dataset(const World& world, const std::vector<ConceptData>& concepts) const {
  return {concepts,
          {.resolution = resolution(world),
           .vae_factor = world.networks.downscale(),
           .augmentation = settings_.augmentation},
          Random(settings_.seed)};
}

/// Side of training pictures and previews.
OPAD_ONCE std::int64_t TrainingRun::resolution(const World& world) const {
  const std::int64_t own = world.student->config.sample_size * world.networks.downscale();
  require(settings_.resolution > 0 || own > 0, "--resolution is missing: the student's config has no sample_size");
  return settings_.resolution > 0 ? settings_.resolution : own;
}

OPAD_ONCE TrainerOptions TrainingRun::trainer_options(const World& world) const {
  return {.steps = settings_.steps,
          .accumulation = settings_.accumulation,
          .prior_loss_weight = settings_.prior_loss_weight,
          .max_grad_norm = settings_.max_grad_norm,
          .resolution = resolution(world),
          .bfloat16 = bfloat16(),
          .channels_last = settings_.memory_format == "channels-last",
          .gradient_checkpointing = settings_.gradient_checkpointing,
          .cached_pictures = cached_pictures(),
          .ranks = ranks_};
}

/// How many different pictures a run can see whose encodings are worth keeping: none where their size and place are
/// drawn anew each time.
OPAD_ONCE std::int64_t TrainingRun::cached_pictures() const {
  if (!caches()) return 0;
  std::size_t pictures = 0;
  for (const ConceptData& data : concepts_.data)
    pictures += data.pictures.size() + data.class_pictures.size() + static_cast<std::size_t>(settings_.class_images) +
                static_cast<std::size_t>(method_->second_stage ? method_->second_stage->pictures : 0);
  return static_cast<std::int64_t>(settings_.augmentation.hflip ? 2 * pictures : pictures);
}

}  // namespace opad
