#pragma once
#include <filesystem>

#include <opad/core/once.hpp>
#include <opad/models/clip_text_model.hpp>
#include <opad/models/unet_2d_condition.hpp>
#include <opad/schedule/scheduler_config.hpp>
#include <opad/space/networks.hpp>
#include <opad/text/clip_tokenizer.hpp>

namespace opad {

/// The models of a run, loaded from diffusers folders.
struct World {
  ClipTokenizer tokenizer;
  std::shared_ptr<CLIPTextModel> text_encoder;
  std::shared_ptr<UNet2DConditionModel> teacher, student;  // no teacher where the recipe has none
  SchedulerConfig teacher_scheduler, student_scheduler;
  Networks networks;
  torch::Device device = torch::kCPU;

  /// teacher: a pipeline's folder (unet, vae, text_encoder, tokenizer, scheduler). student: a folder with unet and scheduler; what else
  /// it holds is not read, since both models share one VAE and one text encoder.
  OPAD_ONCE static World load(const std::filesystem::path& teacher, const std::filesystem::path& student) {
    for (const auto& folder : {teacher, student})
      require(std::filesystem::is_directory(folder), folder.string(), ": no such model folder; give a diffusers folder");
    return {.tokenizer = ClipTokenizer::from_pretrained(teacher / "tokenizer"),
            .text_encoder = CLIPTextModel::from_pretrained(teacher / "text_encoder"),
            .teacher = UNet2DConditionModel::from_pretrained(teacher / "unet"),
            .student = UNet2DConditionModel::from_pretrained(student / "unet"),
            .teacher_scheduler = SchedulerConfig::from_pretrained(teacher / "scheduler"),
            .student_scheduler = SchedulerConfig::from_pretrained(student / "scheduler"),
            .networks = Networks(AutoencoderKL::from_pretrained(teacher / "vae"))};
  }

  void to(torch::Device to) {
    device = to;
    text_encoder->to(device);
    if (teacher) teacher->to(device);
    student->to(device);
    networks.to(device);
  }
};

}  // namespace opad
