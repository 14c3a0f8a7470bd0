#pragma once
#include <opad/data/concept_dataset.hpp>
#include <opad/experiment/run/concepts.hpp>
#include <opad/experiment/run/recipe_program.hpp>
#include <opad/experiment/run/run_pictures.hpp>
#include <opad/experiment/run/training_run.hpp>
#include <opad/train/trainer.hpp>

namespace opad {

/// One training run of a recipe, from options to adapters (design.md §7, §10). A batch's way: open_concepts reads the
/// photographs, Prefetch makes batches of them, Trainer::iterate learns from them, save_trained leaves what was
/// learned.
class TrainingRun {
 public:
  explicit TrainingRun(RecipeProgram program) : program_(std::move(program)) {}

  /// -> exit code (experiment/options/exit_codes.hpp)
  int operator()(int argc, const char* const* argv);

  /// Names of everything that its command line can be told.
  std::vector<std::string> option_names();

  /// See the functions of these names (experiment/run/training_run.hpp).
  static ReopenedRun reopen(const RecipeProgram& program, const std::filesystem::path& run);
  static std::string identity(const RecipeProgram& program, const std::vector<std::string>& words);

 private:
  bool parse(int argc, const char* const* argv);
  bool read(const std::vector<std::string>& words);
  void bind();
  int explain_costs();
  void check_teacher_adapters() const;
  PartsRecord parts() const;
  World load_world(const PartsRecord& parts);
  void require_room(const World& world) const;
  RunDescription description(const PartsRecord& parts) const;
  std::shared_ptr<TokenRows> new_rows(World& world, const std::vector<std::int64_t>& ids) const;
  ConceptDataset dataset(const World& world, const std::vector<ConceptData>& concepts) const;
  std::int64_t resolution(const World& world) const;
  TrainerOptions trainer_options(const World& world) const;
  Existing existing() const;

  int train(const RunFolder& folder, World& world, Trainer& trainer, RunPictures& pictures, const Tensor& before);
  void begin_second_stage(const RunFolder& folder, World& world, Trainer& trainer, RunPictures& pictures);
  ConceptDataset with_made_pictures(const RunFolder& folder, const World& world);
  void save_adapters(const RunFolder& folder, const std::string& name, World& world, Trainer& trainer) const;
  void finish(const RunFolder& folder, Trainer& trainer, RunPictures& pictures, EventFile& events) const;

  RecipeProgram program_;
  RunSettings settings_;
  std::unique_ptr<BoundRecipe> recipe_;
  std::optional<Method> method_;
  std::optional<Options> options_;
  torch::Device device_ = torch::kCPU;
  RunConcepts concepts_;
  std::map<std::string, std::string> encoders_;  // digests of the encoders that the recipe looks through
};

}  // namespace opad
