#pragma once
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/data/augmentation.hpp>
#include <opad/experiment/options.hpp>

namespace opad {

/// Where a program looks for models that no option names: the build defines it, an installed opad has none.
inline std::filesystem::path default_models() {
#ifdef OPAD_MODELS
  return OPAD_MODELS;
#else
  return {};
#endif
}

/// What every training program can be told beside the hyper-parameters of its policies.
struct RunSettings {
  std::filesystem::path models = default_models(), teacher,
                        student;  // teacher and student: empty means models/teacher, models/student
  std::map<std::string, std::filesystem::path> encoders;  // by backbone; empty means models/NAME

  std::filesystem::path teacher_adapters;  // empty: the base teacher

  std::vector<std::filesystem::path> instance_data, class_data;  // one folder for each concept
  std::vector<std::string> instance_prompt, class_prompt;        // one for each concept
  std::vector<std::string> modifier_token{"<new1>"}, initializer_token, validation_prompt;
  std::int64_t class_images = 0;  // to generate

  std::filesystem::path output;
  std::string resume;
  bool overwrite = false, explain = false;

  std::uint64_t seed = 42;
  std::string device = "cpu", dtype = "float32";
  std::int64_t steps = 1000, batch_size = 2, resolution = 0, accumulation = 1, threads = 0;
  double max_grad_norm = 1.0, prior_loss_weight = 1.0;
  bool scale_lr = false;
  Augmentation augmentation;

  std::int64_t preview_every = 100, preview_count = 4, checkpoint_every = 100, keep_checkpoints = 2,
               teacher_preview_steps = 25;
  double teacher_preview_guidance = 7.5;

  OPAD_ONCE void bind(Options& options) {
    const auto where = [&](const std::string& name, auto& value, const std::string& help) {
      options.bind_value(name, value, help).decisive = false;
    };
    options.group("Models");
    options.bind_value("models", models,
                       "folder with teacher/, student/ and the encoders, for whatever has no option of its own");
    options.bind_value("teacher", teacher, "diffusers folder of the multi-step model, e.g. Stable Diffusion 2.1");
    options.bind_value("student", student, "diffusers folder of the one-step model, e.g. SD-Turbo");
    for (auto& [name, folder] : encoders) options.bind_value(name, folder, "folder of the encoder " + name);
    options.bind_value("teacher-adapters", teacher_adapters,
                       "run's folder teacher/ (or the like) whose trained weights and tokens the teacher starts with");
    options.group("Concept");
    options.bind_value("instance-data", instance_data,
                       "folder with the photographs of the concept; one for each concept");
    options.bind_value("instance-prompt", instance_prompt,
                       "what they show, with the modifier token: \"<new1> cat\"; one for each concept");
    options.bind_value("modifier-token", modifier_token, "new tokens that will stand for the concepts");
    options.bind_value("initializer-token", initializer_token,
                       "known word whose embedding each starts from; none: the prompt's last word");
    options.bind_value("class-data", class_data,
                       "prior preservation: folder with pictures of the class; one for each concept");
    options.bind_value(
        "class-prompt", class_prompt,
        "what they show: \"cat\"; one for each concept; none: the instance prompts without the modifier tokens");
    options.bind_value("class-images", class_images,
                       "without --class-data: how many the base model makes of each class before training");
    options.bind_value("prior-loss-weight", prior_loss_weight,
                       "weight of these pictures in the denoising loss, beside 1 of the concept's");
    options.bind_value("resolution", resolution, "side of the training pictures; 0: the student's own", "pixels");
    options.bind("augmentation", augmentation);
    options.group("Run");
    where("output", output, "run folder: config, metrics, previews, checkpoints, adapters");
    auto& resumed = options.bind_value("resume", resume, "go on with the run in this folder (alone: in --output)");
    resumed.decisive = false;
    resumed.bare = ".";
    where("overwrite", overwrite, "replace a run that is in the folder already");
    where("explain", explain, "say what an iteration costs, in passes through each network, and leave");
    options.bind_value("steps", steps, "iterations");
    options.bind_value("batch-size", batch_size, "pictures in a batch");
    options.bind_value("accumulation", accumulation, "batches whose gradients are averaged before an update");
    options.bind_value("scale-lr", scale_lr,
                       "multiply the student's learning rate by the pictures of an update, class pictures included");
    options.bind_value("max-grad-norm", max_grad_norm,
                       "global norm to which gradients of teacher and student are clipped");
    options.bind_value("seed", seed, "of everything random");
    options.bind_value("device", device, "cpu, cuda, cuda:1, ...");
    options.bind_value("dtype", dtype, "float32, or bfloat16 for networks' passes (autocast)");
    where("threads", threads, "of the CPU; 0: LibTorch decides");
    options.group("Watching");
    where("validation-prompt", validation_prompt, "prompts of the previews; none: a few around the instance prompt");
    where("preview-every", preview_every, "iterations between previews; 0: only before and after");
    where("preview-count", preview_count, "pictures for each prompt");
    where("teacher-preview-steps", teacher_preview_steps, "sampling steps of the teacher's final preview; 0: none");
    where("teacher-preview-guidance", teacher_preview_guidance, "guidance of the teacher's final preview");
    where("checkpoint-every", checkpoint_every, "iterations between checkpoints");
    where("keep-checkpoints", keep_checkpoints, "checkpoints that stay");
  }

  std::filesystem::path teacher_folder() const { return teacher.empty() ? models / "teacher" : teacher; }
  std::filesystem::path student_folder() const { return student.empty() ? models / "student" : student; }
  /// Throws where the encoder would silently be another world's: models that come by themselves beside a named teacher
  /// or student.
  std::filesystem::path encoder_folder(const std::string& name) const {
    const auto& given = encoders.at(name);
    const bool own_models = !teacher.empty() || !student.empty();
    require(!given.empty() || !own_models || models != default_models(), "--", name,
            " is missing: beside a --teacher or --student of your own every encoder "
            "must be named; give its folder, or --models with a folder that holds it as ",
            name);
    return given.empty() ? models / name : given;
  }

  /// Fills what depends on other settings, and refuses what cannot work before anything large is loaded.
  OPAD_ONCE void complete() {
    require(!instance_data.empty(), "--instance-data is missing; give the folder with the concept's photographs");
    require(!output.empty(), "--output is missing; give a folder for the run");
    if (modifier_token.empty()) fail("--modifier-token: give at least one new token, e.g. <new1>");
    if (instance_prompt.empty())
      fail("--instance-prompt is missing; say what the pictures show, e.g. \"", modifier_token[0], " cat\"");
    require(instance_prompt.size() == instance_data.size(), "--instance-prompt: ", instance_prompt.size(),
            " prompts for ", instance_data.size(), " folders of --instance-data; give one for each");
    for (const auto& token : modifier_token)
      require(std::any_of(instance_prompt.begin(), instance_prompt.end(),
                          [&](const auto& prompt) { return prompt.find(token) != std::string::npos; }),
              "--instance-prompt \"", instance_prompt[0], "\" does not contain the modifier token ", token,
              "; write e.g. \"", token, " cat\"");
    if (initializer_token.empty())
      for (const auto& token : modifier_token) initializer_token.push_back(last_word(token));
    require(initializer_token.size() == modifier_token.size(), "--initializer-token: ", initializer_token.size(),
            " words for ", modifier_token.size(), " modifier tokens; give one for each");
    if (validation_prompt.empty())
      for (const auto& words : instance_prompt)
        for (const auto& prompt : {"a photo of a " + words, "a " + words + " in the snow", "a painting of a " + words})
          validation_prompt.push_back(prompt);
    const bool prior = !class_data.empty() || class_images > 0;
    require(class_images >= 0 && (class_data.empty() || class_images == 0), "--class-images ", class_images,
            ": give the number of pictures to make, and no --class-data then");
    require(class_data.empty() || class_data.size() == instance_data.size(), "--class-data: ", class_data.size(),
            " folders for ", instance_data.size(), " concepts; give one for each");
    if (prior && class_prompt.empty())
      for (const auto& words : instance_prompt) class_prompt.push_back(without_tokens(words));
    require(!prior || class_prompt.size() == instance_data.size(), "--class-prompt: ", class_prompt.size(),
            " prompts for ", instance_data.size(), " concepts; prior preservation needs one for each, e.g. \"cat\"");
    require(prior || class_prompt.empty(), "--class-prompt is of no use without --class-data or --class-images");
    require(prior_loss_weight >= 0, "--prior-loss-weight ", prior_loss_weight, " must not be negative");
    require(steps > 0 && batch_size > 0 && accumulation > 0 && preview_count > 0 && checkpoint_every > 0 &&
                keep_checkpoints > 0 && preview_every >= 0,
            "--steps, --batch-size, --accumulation, --preview-count, --checkpoint-every and --keep-checkpoints must be "
            "positive");
    require(dtype == "float32" || dtype == "bfloat16", "--dtype ", dtype, " is not one of float32, bfloat16");
  }

 private:
  std::string without_tokens(const std::string& prompt) const {
    std::string plain;
    std::istringstream words(prompt);
    for (std::string word; words >> word;)
      if (std::ranges::find(modifier_token, word) == modifier_token.end()) plain += (plain.empty() ? "" : " ") + word;
    require(!plain.empty(), "--class-prompt is missing, and the instance prompt \"", prompt,
            "\" has no word of its own; say what the class is, e.g. \"cat\"");
    return plain;
  }

  /// Of the first prompt that has the token.
  std::string last_word(const std::string& of_token) const {
    const auto& prompt = *std::find_if(instance_prompt.begin(), instance_prompt.end(),
                                       [&](const auto& p) { return p.find(of_token) != p.npos; });
    const auto end = prompt.find_last_not_of(' '), begin = prompt.find_last_of(' ', end);
    const auto word = prompt.substr(begin + 1, end - begin);
    for (const auto& token : modifier_token)
      require(word != token,
              "--initializer-token is missing, and --instance-prompt ends with the modifier token; give a word that "
              "the model knows");
    return word;
  }
};

}  // namespace opad
