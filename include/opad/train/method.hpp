#pragma once
#include <filesystem>
#include <optional>

#include <opad/adversarial/adversarial.hpp>
#include <opad/average/average.hpp>
#include <opad/coupling/coupling.hpp>
#include <opad/optimiser/optimiser.hpp>
#include <opad/target/target.hpp>
#include <opad/text/clip_tokenizer.hpp>
#include <opad/train/table.hpp>

namespace opad {

/// A critic at work in one run.
struct CriticAtWork {
  explicit CriticAtWork(std::string name_) : name(std::move(name_)) {}
  virtual ~CriticAtWork() = default;
  virtual NamedTensors parameters() const = 0;
  virtual double weight(std::int64_t student_age) const = 0;
  virtual Tensor student_loss(Table& table) const = 0;  // []
  virtual Tensor own_loss(Table& table) const = 0;      // []
  std::string name;
};

/// An adapter's functions.
struct AdapterFunctions {
  std::string name;
  std::function<NamedTensors(UNet2DConditionModel&)> install;
  std::function<void(UNet2DConditionModel&, const std::filesystem::path&)> save, load;
  std::function<void(UNet2DConditionModel&)> merge;
};

/// One alignment term of the student's loss.
struct AlignmentTerm {
  std::string name;
  double weight;
  std::function<void(Table&)> check;       // refuses its numbers, on any pictures of the table's photographs
  std::function<Tensor(Table&)> distance;  // -> [B]
};

/// The second stage of a coupling: the student's pictures join what both models learn from.
struct SecondStageFunctions {
  std::function<std::int64_t(std::int64_t total)> boundary;      // its first iteration
  std::int64_t pictures;                                         // that the student makes of each concept
  double share = 1;                                              // of them that is kept
  std::function<Tensor(Networks&, const Tensor& image)> render;  // where they are compared; none: all are kept
};

/// A recipe as the trainer calls it: what its types fix, and its policies as functions. What a recipe leaves out is not
/// here. Made by method_of (train/method_of.hpp); everything behind is ordinary code, compiled once for any number of
/// recipes.
struct Method {
  bool has_teacher, trains_teacher;               // coupling
  bool shared_words, student_learns_words;        // words
  bool table_decays;                              // tokens
  bool target_asks_teacher, target_has_timestep;  // target
  bool real_from_teacher;                         // real
  bool own_schedule;                              // noise_schedule: not the checkpoints'

  std::function<Moves(std::int64_t iteration, std::int64_t total)> coupling;
  std::function<double(std::int64_t iteration, std::int64_t total)> learning_rate;
  std::function<Tensor(const Tensor& alpha_bar)> weighting;
  std::optional<SecondStageFunctions> second_stage;
  double denoising_weight = 1;  // of the student's own denoising loss, where there is no teacher
  std::vector<AlignmentTerm> terms;
  std::function<void(const SchedulerConfig& teacher)> check_target;  // refuses its numbers before anything runs
  std::function<Tensor(const Question&, const Draws&)> target_timestep;
  std::function<Tensor(const Question&, const Tensor& timestep)> target_latent;
  std::vector<std::string> critic_names;
  std::function<std::vector<std::unique_ptr<CriticAtWork>>(const Workshop&)> build_critics;
  std::function<Tensor(Table&)> real_pictures, real_weight;            // [B, 3, H, W]; [B] or undefined
  std::function<Tensor(const Tensor& condition, const Draws&)> heard;  // what the student hears of its condition
  std::function<std::int64_t(const ClipTokenizer&, const std::string& word)> initial_id;
  std::function<Tensor(const Tensor& gradient)> select_rows;
  AdapterFunctions teacher_adapter, student_adapter;
  std::function<Tensor(const Denoiser&, const SchedulerConfig&, const Tensor& noise, const Tensor& condition)> sample;
  std::function<SchedulerConfig(const SchedulerConfig&)> schedule;
  std::function<std::unique_ptr<OptimiserState>(NamedTensors)> token_optimiser, teacher_optimiser, student_optimiser,
      critic_optimiser;
  std::function<std::unique_ptr<AverageState>(const NamedTensors&)> average;

  bool aligns() const { return !terms.empty(); }
  bool criticised() const { return !critic_names.empty(); }
  bool wants_target() const { return aligns() || (criticised() && real_from_teacher); }
};

}  // namespace opad
