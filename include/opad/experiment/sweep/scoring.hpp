#pragma once
#include <opad/evaluate/concept_scores.hpp>
#include <opad/evaluate/protocol.hpp>
#include <opad/experiment/run/guarded_main.hpp>
#include <opad/experiment/run/run_folder.hpp>
#include <opad/experiment/sweep/results.hpp>
#include <opad/experiment/sweep/settings.hpp>
#include <opad/experiment/sweep/variant.hpp>
#include <opad/io/image.hpp>
#include <opad/pipeline/bytes.hpp>
#include <opad/pipeline/pipeline.hpp>
#include <opad/sampler/ddim.hpp>
#include <opad/student_sampler/euler_steps.hpp>

namespace opad {

/// One run of a sweep: a row on a concept with a seed.
struct SweepJob {
  const Variant* variant;
  const Subject* subject;
  std::uint64_t seed;
  std::filesystem::path folder;
};

/// Makes the pictures of a finished job and scores them. A trained row's are made as it was trained: with its own
/// models, resolution and sampler, all read from its folder.
class Scoring {
 public:
  Scoring(const SweepSettings& settings, const SweepJob& job) : settings_(settings), job_(job), run_(settings.run) {
    if (job.variant->program) {
      const auto own = reopen(*job.variant->program, job.folder);
      run_ = own.settings, ask_ = own.method.sample, teachers_ = own.method.teacher_adapter.load;
    }
    for (const std::string& prompt : job.subject->prompts)
      for (std::int64_t k = 0; k < settings.pictures; ++k)
        plain_.push_back(fill_prompt(prompt, job.subject->class_word));
  }

  /// Scores of the student's pictures, and of the teacher's where they are wanted; the pictures are written beside
  /// them.
  OPAD_ONCE Json operator()(const EvaluationEncoders& encoders, const RealFeatures& real) const {
    const auto score = [&](const std::vector<Tensor>& pictures, const char* folder) {
      own(folder);
      for (std::size_t i = 0; i < pictures.size(); ++i)
        write_png(job_.folder / folder / picture_name(i, settings_.pictures), pictures[i]);
      return score_concept(encoders, real, pictures, plain_, job_.subject->attributes, settings_.rule);
    };
    const ConceptScores scores = score(job_.variant->truth ? draw() : by_student(), "evaluation");
    Json result{
        {"variant", job_.variant->name}, {"concept", job_.subject->name}, {"seed", job_.seed},
        {"metrics", scores.metrics},     {"pictures", scores.pictures},   {"published", job_.variant->published}};
    if (settings_.evaluate_teacher && std::filesystem::is_directory(job_.folder / "teacher"))
      result["teacher"] = score(by_teacher(), "evaluation-teacher").metrics;
    return result;
  }

  /// Says that a name in the job's folder is its run's, where there is one.
  void own(const std::string& name) const {
    if (std::filesystem::exists(job_.folder / "config.json")) own_file(job_.folder, name);
  }

 private:
  std::vector<Tensor> draw() const {
    std::vector<Tensor> pictures;
    for (std::size_t i = 0; i < plain_.size(); ++i) {
      Stream random = Random(job_.seed).stream("evaluate/truth", static_cast<std::int64_t>(i));
      pictures.push_back(job_.subject->truth(plain_[i], random));
    }
    return pictures;
  }

  std::vector<Tensor> by_student() const {
    const bool copied = job_.variant->facts().scored == Scored::TeachersAdapters;
    Pipeline pipeline = copied ? open(run_.student_folder(), job_.folder / "teacher", teachers_)
                               : open(run_.student_folder(), job_.folder);
    if (job_.variant->ip_adapter)
      pipeline.look_at(settings_.ip_adapter_file(), settings_.ip_adapter_encoder(),
                       read_concept_folder(job_.subject->folder).pictures, settings_.ip_adapter_scale);
    return pictures_of(
        pipeline, [&](const std::string& prompt, const Tensor& noise) { return pipeline.ask(ask_, prompt, noise); });
  }

  /// In 25 DDIM steps with guidance, as the paper samples it.
  std::vector<Tensor> by_teacher() const {
    Pipeline pipeline = open(run_.teacher_folder(), job_.folder / "teacher");
    SchedulerConfig ddim = pipeline.scheduler();
    ddim.class_name = "DDIMScheduler";
    return pictures_of(pipeline, [&](const std::string& prompt, const Tensor& noise) {
      AnySampler sampler = make_sampler(ddim, 25);
      return pipeline.sample(sampler, prompt, noise, run_.teacher_preview_guidance);
    });
  }

  Pipeline open(const std::filesystem::path& model, const std::filesystem::path& trained,
                const LoadAdapter& own = {}) const {
    const bool any = job_.variant->program.has_value();
    const auto folders = parts_of_pictures(model, run_.teacher_folder(), any ? trained : std::filesystem::path());
    return {folders, any ? std::vector{trained} : std::vector<std::filesystem::path>{}, parse_device(run_.device), own};
  }

  template <class Make>
  std::vector<Tensor> pictures_of(const Pipeline& pipeline, const Make& make) const {
    const std::int64_t side = run_.resolution > 0 ? run_.resolution : pipeline.resolution();
    std::vector<Tensor> pictures;
    for (std::size_t p = 0; p < job_.subject->prompts.size(); ++p) {
      const Tensor noise = pipeline.noise(Random(job_.seed).stream("evaluate/noise", static_cast<std::int64_t>(p)),
                                          settings_.pictures, side);
      const auto& word = job_.subject->class_word;
      const auto prompt =
          fill_prompt(job_.subject->prompts[p], job_.variant->program ? settings_.instance_words(word) : word);
      for (const Tensor& image : make(prompt, noise).unbind()) pictures.push_back(to_bytes(image));
    }
    return pictures;
  }

  const SweepSettings& settings_;
  const SweepJob& job_;
  RunSettings run_;
  AskStudent ask_ = EulerSteps{};
  LoadAdapter teachers_;            // of the row's teacher
  std::vector<std::string> plain_;  // the prompt of each picture, without the concept's own token
};

}  // namespace opad
