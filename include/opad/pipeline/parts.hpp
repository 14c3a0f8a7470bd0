#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include <opad/core/error.hpp>
#include <opad/core/once.hpp>
#include <opad/io/json_in.hpp>

namespace opad {

/// Which folder gives which part of the models: one rule, for training, scoring and `generate`.
///   tokenizer, text encoder, VAE   the teacher's, which the student shares; a recipe without a teacher takes the
///                                  student's where its folder holds them, else the teacher's
///   the student's text encoder     its own where the recipe's words are not shared and its folder holds one
///   U-Net, scheduler               each model's own; a trained folder's unet/ and scheduler/ stand in their place
/// A run's record (config.json, "parts") says what its training took, and who makes pictures with it follows that.
struct PartsRecord {
  bool shared_from_student = false;  // tokenizer, VAE and the teacher's text encoder
  bool own_text_encoder = false;     // the student has one of its own
  std::filesystem::path teacher, student;

  Json json() const {
    return {{"shared", shared_from_student ? "student" : "teacher"},
            {"student's text encoder", own_text_encoder ? "student" : "shared"},
            {"teacher", teacher.string()},
            {"student", student.string()}};
  }

  /// What a trained folder says; none where it is not a run's.
  static std::optional<PartsRecord> of(const std::filesystem::path& run) {
    const auto file = run / "config.json";
    if (!std::filesystem::is_regular_file(file)) return std::nullopt;
    const Json config = read_json(file);
    const auto parts = config.find("parts");
    if (!config.is_object() || parts == config.end() || !parts->is_object()) return std::nullopt;
    return json_in(file, [&] {
      const auto text = [&](const char* key) { return parts->value(key, std::string()); };
      return std::optional(PartsRecord{text("shared") == "student", text("student's text encoder") == "student",
                                       text("teacher"), text("student")});
    });
  }
};

/// The rule for a training.
///   teacher, student   the models' folders
///   has_teacher        whether the recipe has a teacher;   own_words  whether its words are not shared
OPAD_ONCE PartsRecord parts_of_training(const std::filesystem::path& teacher, const std::filesystem::path& student,
                                        bool has_teacher, bool own_words) {
  namespace fs = std::filesystem;
  require(fs::is_directory(student), student.string(), ": no such model folder; give --student a diffusers folder");
  const bool from_student = !has_teacher && fs::is_directory(student / "vae");
  require(from_student || fs::is_directory(teacher), teacher.string(),
          ": no such model folder; give --teacher a diffusers folder");
  return {from_student, own_words && fs::is_directory(student / "text_encoder"),
          fs::absolute(teacher).lexically_normal(), fs::absolute(student).lexically_normal()};
}

/// A folder for each part of one model's pipeline.
struct PipelineFolders {
  std::filesystem::path tokenizer, text_encoder, vae, unet, scheduler;
};

/// The rule for pictures.
///   model     diffusers folder with unet and scheduler, maybe a whole pipeline
///   base      of the model that shares its tokenizer, text encoder and VAE; empty: the model's own
///   trained   folder with what was trained for it, as a run leaves it; empty: the model as it is
OPAD_ONCE PipelineFolders parts_of_pictures(const std::filesystem::path& model, std::filesystem::path base,
                                            const std::filesystem::path& trained) {
  namespace fs = std::filesystem;
  require(fs::is_directory(model), model.string(), ": no such model folder; give a diffusers folder");
  const auto record = trained.empty() ? std::nullopt : PartsRecord::of(trained);
  if (record && record->shared_from_student) {
    base = model;
  } else if (record && base.empty()) {
    require(fs::is_directory(record->teacher), trained.string(), ": was trained with text encoder and VAE of ",
            record->teacher.string(), ", which is not there; give --base that model's folder");
    base = record->teacher;
  }
  if (base.empty()) base = model;
  const auto part = [](const fs::path& folder, const char* name, const char* hint) {
    require(fs::is_directory(folder / name), folder.string(), ": holds no ", name, "/; ", hint);
    return folder / name;
  };
  const auto own = [&](const char* name) {
    return !trained.empty() && fs::is_directory(trained / name)
               ? trained / name
               : part(model, name, "give a diffusers folder that does");
  };
  constexpr const char* hint = "give --base a pipeline that does";
  return {.tokenizer = part(base, "tokenizer", hint),
          .text_encoder = part(record && record->own_text_encoder ? model : base, "text_encoder", hint),
          .vae = part(base, "vae", hint),
          .unet = own("unet"),
          .scheduler = own("scheduler")};
}

}  // namespace opad
