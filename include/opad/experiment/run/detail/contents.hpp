#pragma once
#include <ATen/Parallel.h>

#include <opad/experiment/run/contents.hpp>
#include <opad/io/digest.hpp>

namespace opad {

OPAD_ONCE Json contents_of(const RunSettings& settings, const PartsRecord& parts, const World& world,
                           const std::map<std::string, std::string>& encoders, const RunConcepts& concepts) {
  const auto& shared = parts.shared_from_student ? parts.student : parts.teacher;
  const auto both = [](const torch::nn::Module& module, const std::string& texts) {
    return digest(digest(parameters_of(module)) + texts);
  };
  const auto unet = [&](const UNet2DConditionModel& model, const std::filesystem::path& folder) {
    return both(model, digest_of_texts(folder / "unet") + digest_of_texts(folder / "scheduler"));
  };
  Json models{{"tokenizer", digest_of_texts(shared / "tokenizer")},
              {"text encoder", both(*world.text_encoder, digest_of_texts(shared / "text_encoder"))},
              {"vae", both(world.networks.vae(), digest_of_texts(shared / "vae"))},
              {"student", unet(*world.student, parts.student)}};
  if (world.teacher) models["teacher"] = unet(*world.teacher, parts.teacher);
  if (world.student_text_encoder)
    models["student's text encoder"] =
        both(*world.student_text_encoder, digest_of_texts(parts.student / "text_encoder"));
  if (!settings.teacher_adapters.empty()) models["teacher-adapters"] = digest_of_files(settings.teacher_adapters);
  for (const auto& [name, sum] : encoders) models[name] = sum;
  Json out = concepts.contents;
  out["models"] = models;
  out["threads"] = at::get_num_threads();
  if (settings.memory_format != "contiguous") out["memory-format"] = settings.memory_format;
  if (settings.mkl_dispatch != "vendor") out["mkl-dispatch"] = settings.mkl_dispatch;
  return out;
}

}  // namespace opad
