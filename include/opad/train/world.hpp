#pragma once
#include <filesystem>

#include <opad/core/once.hpp>
#include <opad/models/clip_text_model.hpp>
#include <opad/models/unet_2d_condition.hpp>
#include <opad/pipeline/fit.hpp>
#include <opad/pipeline/parts.hpp>
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

  /// The models of a training, each part from the folder that pipeline/parts.hpp says.
  OPAD_ONCE static World load(const PartsRecord& parts, bool has_teacher = true) {
    const auto& shared = parts.shared_from_student ? parts.student : parts.teacher;
    World world{.tokenizer = ClipTokenizer::from_pretrained(shared / "tokenizer"),
                .text_encoder = CLIPTextModel::from_pretrained(shared / "text_encoder"),
                .student_text_encoder = nullptr,
                .teacher = has_teacher ? UNet2DConditionModel::from_pretrained(parts.teacher / "unet") : nullptr,
                .student = UNet2DConditionModel::from_pretrained(parts.student / "unet"),
                .teacher_scheduler =
                    SchedulerConfig::from_pretrained((has_teacher ? parts.teacher : parts.student) / "scheduler"),
                .student_scheduler = SchedulerConfig::from_pretrained(parts.student / "scheduler"),
                .networks = Networks(AutoencoderKL::from_pretrained(shared / "vae"))};
    require_rows(world.tokenizer, world.text_encoder->token_table().size(0), shared.string());
    if (parts.own_text_encoder)
      world.student_text_encoder = CLIPTextModel::from_pretrained(parts.student / "text_encoder");
    const auto fit = [&](const UNet2DConditionModel& unet, const std::filesystem::path& model, const char* advice) {
      const bool own_words = &unet == world.student.get() && world.student_text_encoder;
      require_fit(unet, model / "unet", own_words ? *world.student_text_encoder : *world.text_encoder,
                  (own_words ? model : shared) / "text_encoder", world.networks.vae(), shared / "vae", advice);
    };
    if (world.teacher) fit(*world.teacher, parts.teacher, "give --teacher a folder whose parts are of one model");
    fit(*world.student, parts.student, "give --student a model that was made from the teacher, or --teacher its own");
    return world;
  }

  /// What does not train is stored in bfloat16 from now on; see store_in_bfloat16.
  void to_bfloat16() {
    store_in_bfloat16(*text_encoder), store_in_bfloat16(*student);
    if (student_text_encoder) store_in_bfloat16(*student_text_encoder);
    if (teacher) store_in_bfloat16(*teacher);
    networks.to_bfloat16();
  }

  /// Frozen convolutions keep their kernels with the channels last from now on; see store_channels_last.
  void channels_last() {
    for (torch::nn::Module* network : std::initializer_list<torch::nn::Module*>{teacher.get(), student.get()})
      if (network) store_channels_last(*network);
    networks.channels_last();
  }

  /// Whether networks keep only their blocks' inputs for backward passes (core/gradient_checkpointing.hpp).
  void gradient_checkpointing(bool on) {
    for (torch::nn::Module* network : std::initializer_list<torch::nn::Module*>{
             text_encoder.get(), student_text_encoder.get(), teacher.get(), student.get()})
      if (network) set_gradient_checkpointing(*network, on);
    networks.gradient_checkpointing(on);
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
