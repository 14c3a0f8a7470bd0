#pragma once
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/data/augmentation.hpp>
#include <opad/experiment/options/options.hpp>

namespace opad {

/// Where a program looks for models that no option names: PREFIX/share/opad/models/mini of a program in PREFIX/bin,
/// else the folder that the build defines. Empty: there is none.
OPAD_ONCE std::filesystem::path default_models() {
  std::error_code none;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", none);
  const auto installed = program.parent_path().parent_path() / "share/opad/models/mini";
  if (program.is_absolute() && std::filesystem::is_directory(installed, none)) return installed;
#ifdef OPAD_MODELS
  return OPAD_MODELS;
#else
  return {};
#endif
}

/// What every training program can be told beside the hyper-parameters of its policies.
struct RunSettings {
  std::filesystem::path models, teacher, student;  // empty: this build's models; models/teacher, models/student
  bool models_given = false;
  std::map<std::string, std::filesystem::path> encoders;  // by backbone; empty means models/NAME

  std::filesystem::path teacher_adapters;  // empty: the base teacher

  std::filesystem::path concepts;  // a file that names what follows; read into it (concept_list.hpp), and then empty
  std::vector<std::filesystem::path> instance_data, class_data, masks;  // one folder for each concept
  bool captions = true;
  std::vector<std::string> instance_prompt, class_prompt;  // one for each concept
  std::vector<std::string> modifier_token{"<new1>"}, initializer_token, validation_prompt;
  std::int64_t class_images = 0, class_steps = 25;  // to generate, and how
  double class_guidance = 7.5;

  std::filesystem::path output;
  std::string resume;  // a folder, resume_output (the option alone: the run in --output), or empty
  static constexpr const char* resume_output = "(output)";
  bool overwrite = false, explain = false;

  std::uint64_t seed = 42;
  std::string device = "cpu", dtype = "float32", memory_format = "contiguous", mkl_dispatch = "vendor";
  std::int64_t steps = 1000, batch_size = 2, resolution = 0, accumulation = 1, threads = 0;
  double max_grad_norm = 1.0, prior_loss_weight = 1.0, max_minutes = 0;
  bool scale_lr = false, cache_latents = true, gradient_checkpointing = false;
  Augmentation augmentation;

  std::int64_t preview_every = 100, preview_count = 4, checkpoint_every = 100, keep_checkpoints = 2,
               teacher_preview_steps = 25, validation_every = 0;
  std::filesystem::path evaluation_encoders;  // empty: models/evaluation
  double teacher_preview_guidance = 7.5;

  OPAD_ONCE void bind(Options& options) {
    const auto where = [&](const std::string& name, auto& value, const std::string& help) {
      options.bind_value(name, value, help).decisive = false;
    };
    // known by their contents (contents.hpp), so that a run goes on though they were moved
    const auto content = where;
    options.group("Models");
    content("models", models, "folder with teacher/, student/ and the encoders, for whatever has no option of its own");
    content("teacher", teacher, "diffusers folder of the multi-step model, e.g. Stable Diffusion 2.1");
    content("student", student, "diffusers folder of the one-step model, e.g. SD-Turbo");
    for (auto& [name, folder] : encoders) content(name, folder, "folder of the encoder " + name);
    content("teacher-adapters", teacher_adapters,
            "run's folder teacher/ (or the like) whose trained weights and tokens the teacher starts with");
    options.group("Concept");
    where("concepts", concepts,
          "JSON file with a list of concepts: instance_data_dir, instance_prompt, modifier_token, initializer_token, "
          "class_data_dir, class_prompt, masks_dir; in place of the options of these names");
    content("instance-data", instance_data, "folder with the photographs of the concept; one for each concept");
    content("captions", captions, "take NAME.txt beside the photograph NAME.jpg for its prompt");
    content("masks", masks,
            "folder with masks NAME.png of the photographs: white is what counts in the denoising loss; one for each "
            "concept; without it, NAME.mask.png beside a photograph");
    options.bind_value("instance-prompt", instance_prompt,
                       "what they show, with the modifier token: \"<new1> cat\"; one for each concept");
    options.bind_value("modifier-token", modifier_token, "new tokens that will stand for the concepts");
    options.bind_value("initializer-token", initializer_token,
                       "known word whose embedding each starts from; none: the prompt's last word");
    content("class-data", class_data, "prior preservation: folder with pictures of the class; one for each concept");
    options.bind_value(
        "class-prompt", class_prompt,
        "what they show: \"cat\"; one for each concept; none: the instance prompts without the modifier tokens");
    options.bind_value("class-images", class_images,
                       "without --class-data: how many the base model makes of each class before training");
    options.bind_value("class-steps", class_steps, "sampling steps of these pictures, where the teacher makes them");
    options.bind_value("class-guidance", class_guidance, "guidance of these pictures, where the teacher makes them");
    options.bind_value("prior-loss-weight", prior_loss_weight,
                       "weight of these pictures in the denoising loss, beside 1 of the concept's");
    options.bind_value("resolution", resolution, "side of the training pictures; 0: the student's own", "pixels");
    options.bind("augmentation", augmentation);
    options.group("Run");
    where("output", output, "run folder: config, metrics, previews, checkpoints, adapters");
    auto& resumed = options.bind_value("resume", resume, "go on with the run in this folder (alone: in --output)");
    resumed.decisive = false;
    resumed.bare = resume_output;
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
    options.bind_value(
        "dtype", dtype,
        "of networks' passes and frozen networks: float32, bfloat16, or auto: the faster one here, by a measurement");
    where("memory-format", memory_format,
          "of convolutions' kernels and feature maps: contiguous, channels-last, or auto: the faster one "
          "here, by a measurement");
    where("mkl-dispatch", mkl_dispatch,
          "how MKL chooses kernels of matrix products: by the CPU's vendor, as it does by itself, or by "
          "its instructions: faster on AMD's CPUs with AVX-512");
    where("cache-latents", cache_latents,
          "encode photographs that are not changed at random once in a run (with augmentation.enabled no); changes no "
          "number");
    where("gradient-checkpointing", gradient_checkpointing,
          "less memory for more time: keep only the inputs of the networks' blocks, and run a block again when the "
          "backward pass comes to it; changes no number on the CPU");
    where("threads", threads, "of the CPU; 0: LibTorch decides, and a resumed run keeps its own number");
    where("max-minutes", max_minutes, "stop by itself after so many, with a checkpoint and exit code 99; 0: never");
    options.group("Watching");
    where("validation-prompt", validation_prompt, "prompts of the previews; none: a few around the instance prompt");
    where("preview-every", preview_every, "iterations between previews; 0: only before and after");
    where("preview-count", preview_count, "pictures for each prompt");
    where("teacher-preview-steps", teacher_preview_steps, "sampling steps of the teacher's final preview; 0: none");
    where("teacher-preview-guidance", teacher_preview_guidance, "guidance of the teacher's final preview");
    where("validation-every", validation_every,
          "iterations between scores of the previews (DINO, CLIP-I, CLIP-T) in metrics.csv and TensorBoard; 0: none");
    where("evaluation-encoders", evaluation_encoders,
          "folder with clip/ and dino/ that score them; none: evaluation/ in --models");
    where("checkpoint-every", checkpoint_every, "iterations between checkpoints");
    where("keep-checkpoints", keep_checkpoints, "checkpoints that stay");
  }

  /// After the command line is read: models that nobody named are this build's.
  void settle() {
    models_given = !models.empty();
    if (!models_given) models = default_models();
  }
  bool has_prior() const { return class_images > 0 || !class_data.empty(); }
  std::filesystem::path teacher_folder() const { return teacher.empty() ? models / "teacher" : teacher; }
  std::filesystem::path student_folder() const { return student.empty() ? models / "student" : student; }
  std::filesystem::path evaluation_folder() const {
    return evaluation_encoders.empty() ? models / "evaluation" : evaluation_encoders;
  }
  /// Throws where the encoder would silently be another world's: models that come by themselves beside a named teacher
  /// or student.
  std::filesystem::path encoder_folder(const std::string& name) const {
    const auto& given = encoders.at(name);
    const bool own_models = !teacher.empty() || !student.empty();
    require(!given.empty() || !own_models || models_given, "--", name,
            " is missing: beside a --teacher or --student of your own every encoder "
            "must be named; give its folder, or --models with a folder that holds it as ",
            name);
    return given.empty() ? models / name : given;
  }
};

}  // namespace opad
