#pragma once
#include <opad/experiment/picture/preview.hpp>
#include <opad/experiment/run/run_folder.hpp>
#include <opad/experiment/run/settings.hpp>
#include <opad/experiment/run/signals.hpp>
#include <opad/io/event_file.hpp>
#include <opad/io/image.hpp>
#include <opad/pipeline/choose_sampler.hpp>
#include <opad/pipeline/denoise.hpp>
#include <opad/train/trainer.hpp>

namespace opad {

/// "step-000100.png"
inline std::string preview_name(std::int64_t step) {
  const std::string digits = std::to_string(step);
  return "step-" + std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits + ".png";
}

/// The pictures that a run makes of its validation prompts, always from the same noise.
class RunPictures {
 public:
  RunPictures(const RunSettings& settings, World& world, Trainer& trainer, std::int64_t resolution)
      : settings_(settings),
        world_(world),
        trainer_(trainer),
        random_(settings.seed),
        resolution_(resolution) {}

  /// The student's, as the run keeps it.  [prompts * count, 3, H, W]
  ///   stoppable  a stop that is asked for ends it between two pictures: none then
  Tensor student(bool stoppable = false) const;
  /// The teacher's of the same prompts and noise: its own sampler, with guidance.
  Tensor teacher() const;
  bool shows_teacher() const { return trainer_.method().has_teacher && settings_.teacher_preview_steps > 0; }

  /// Throws where the teacher cannot be sampled as the settings say; gives what is worth a word about how it will be.
  std::string check_teacher() const {
    return shows_teacher() ? choose_sampler(world_.teacher_scheduler, settings_.teacher_preview_steps).remark : "";
  }

  void write(const std::filesystem::path& folder, EventFile& events, std::int64_t step, const Tensor& pictures) const;
  void write_teacher(const std::filesystem::path& file, EventFile& events, std::int64_t step,
                     const std::string& title) const;
  void write_comparison(const std::filesystem::path& file, EventFile& events, const Tensor& before,
                        const Tensor& after) const;

 private:
  Tensor noise(const std::string& stream, std::int64_t index) const {
    const std::int64_t side = resolution_ / world_.networks.downscale();
    return random_.stream(stream, index)
        .normal({1, world_.networks.vae_config().latent_channels, side, side})
        .to(world_.device);
  }
  Tensor by_teacher(const Tensor& noise, const std::string& prompt, std::int64_t steps, double guidance,
                    std::int64_t index) const;
  Tensor of_prompt(const Tensor& pictures, std::size_t i) const {
    return pictures.narrow(0, static_cast<std::int64_t>(i) * settings_.preview_count, settings_.preview_count);
  }
  Tensor rows(const Tensor& pictures, const std::string& title) const;
  /// As a file and for TensorBoard.
  static void keep(const std::filesystem::path& file, EventFile& events, const char* tag, std::int64_t step,
                   const Tensor& grid) {
    write_png(file, grid);
    events.image(tag, grid, step);
  }

  const RunSettings& settings_;
  World& world_;
  Trainer& trainer_;
  Random random_;
  std::int64_t resolution_;
};

OPAD_ONCE Tensor RunPictures::student(bool stoppable) const {
  torch::NoGradGuard no_grad;
  const Trainer::Kept kept(trainer_);
  std::vector<Tensor> pictures;
  for (const auto& prompt : settings_.validation_prompt) {
    const Tensor condition = trainer_.encode_for_student(world_.tokenizer({prompt}));
    for (std::int64_t i = 0; i < settings_.preview_count; ++i) {
      if (stoppable && stop_requested()) return {};
      pictures.push_back(world_.networks.decode(trainer_.generate(noise("preview/noise", i), condition)).cpu());
    }
  }
  return at::cat(pictures);
}

OPAD_ONCE Tensor RunPictures::teacher() const {
  std::vector<Tensor> pictures;
  for (const auto& prompt : settings_.validation_prompt)
    for (std::int64_t i = 0; i < settings_.preview_count; ++i)
      pictures.push_back(by_teacher(noise("preview/noise", i), prompt, settings_.teacher_preview_steps,
                                    settings_.teacher_preview_guidance, i));
  return at::cat(pictures);
}

OPAD_ONCE Tensor RunPictures::by_teacher(const Tensor& noise, const std::string& prompt, std::int64_t steps,
                                         double guidance, std::int64_t index) const {
  torch::NoGradGuard no_grad;
  AnySampler sampler = choose_sampler(world_.teacher_scheduler, steps).sampler;
  const Wish wish{.condition = trainer_.encode(world_.tokenizer({prompt})),
                  .null_condition = trainer_.null_condition(),
                  .guidance = guidance};
  const auto fresh = [&](std::int64_t k) {
    return random_.stream("preview/sampler", index, k).normal(noise.sizes()).to(world_.device);
  };
  return world_.networks.decode(denoise(trainer_.teacher(), sampler, noise * sampler.init_noise_sigma(), wish, fresh))
      .cpu();
}

/// A row for each prompt.
OPAD_ONCE Tensor RunPictures::rows(const Tensor& pictures, const std::string& title) const {
  std::vector<PreviewRow> rows;
  for (std::size_t i = 0; i < settings_.validation_prompt.size(); ++i)
    rows.push_back({.images = of_prompt(pictures, i), .label = settings_.validation_prompt[i], .captions = {}});
  return preview(rows, title);
}

OPAD_ONCE void RunPictures::write(const std::filesystem::path& folder, EventFile& events, std::int64_t step,
                                  const Tensor& pictures) const {
  keep(folder / preview_name(step), events, "previews", step, rows(pictures, "step " + std::to_string(step)));
}

OPAD_ONCE void RunPictures::write_teacher(const std::filesystem::path& file, EventFile& events, std::int64_t step,
                                          const std::string& title) const {
  if (!shows_teacher()) return;
  keep(file, events, "teacher", step,
       rows(teacher(), c10::str(title, ", ", settings_.teacher_preview_steps, " steps")));
}

OPAD_ONCE void RunPictures::write_comparison(const std::filesystem::path& file, EventFile& events, const Tensor& before,
                                             const Tensor& after) const {
  std::vector<PreviewRow> comparison;
  for (std::size_t i = 0; i < settings_.validation_prompt.size(); ++i) {
    comparison.push_back({.images = of_prompt(before, i), .label = "before", .captions = {}});
    comparison.push_back(
        {.images = of_prompt(after, i),
         .label = "after",
         .captions = {static_cast<std::size_t>(settings_.preview_count), settings_.validation_prompt[i]}});
  }
  keep(file, events, "before and after", settings_.steps,
       preview(comparison, "one step, before and after " + std::to_string(settings_.steps) + " iterations"));
}

}  // namespace opad
