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
  std::shared_ptr<CLIPTextModel> text_encoder, student_text_encoder;  // the latter only where the student has its own
  std::shared_ptr<UNet2DConditionModel> teacher, student;             // no teacher where the recipe has none
  SchedulerConfig teacher_scheduler, student_scheduler;
  Networks networks;
  torch::Device device = torch::kCPU;

  /// Which models a recipe needs.
  struct Parts {
    bool teacher = true, student_text_encoder = false;
  };

  /// teacher: a pipeline's folder (unet, vae, text_encoder, tokenizer, scheduler). student: a folder with unet and
  /// scheduler. Both models share the teacher's VAE and text encoder, unless the parts say otherwise; without a
  /// teacher's U-Net the student's folder serves where it is a whole pipeline.
  OPAD_ONCE static World load(const std::filesystem::path& teacher, const std::filesystem::path& student,
                              const Parts& parts = {.teacher = true, .student_text_encoder = false}) {
    require(std::filesystem::is_directory(student), student.string(),
            ": no such model folder; give a diffusers folder");
    const auto& shared = parts.teacher || !std::filesystem::is_directory(student / "vae") ? teacher : student;
    require(std::filesystem::is_directory(shared), shared.string(), ": no such model folder; give a diffusers folder");
    World world{
        .tokenizer = ClipTokenizer::from_pretrained(shared / "tokenizer"),
        .text_encoder = CLIPTextModel::from_pretrained(shared / "text_encoder"),
        .student_text_encoder = nullptr,
        .teacher = parts.teacher ? UNet2DConditionModel::from_pretrained(teacher / "unet") : nullptr,
        .student = UNet2DConditionModel::from_pretrained(student / "unet"),
        .teacher_scheduler = SchedulerConfig::from_pretrained((parts.teacher ? teacher : student) / "scheduler"),
        .student_scheduler = SchedulerConfig::from_pretrained(student / "scheduler"),
        .networks = Networks(AutoencoderKL::from_pretrained(shared / "vae"))};
    if (parts.student_text_encoder && std::filesystem::is_directory(student / "text_encoder"))
      world.student_text_encoder = CLIPTextModel::from_pretrained(student / "text_encoder");
    return world;
  }

  void to(torch::Device to) {
    device = to;
    text_encoder->to(device);
    if (student_text_encoder) student_text_encoder->to(device);
    if (teacher) teacher->to(device);
    student->to(device);
    networks.to(device);
  }
};

}  // namespace opad
