#pragma once
#include <opad/data/concept_dataset.hpp>
#include <opad/experiment/run/concepts.hpp>
#include <opad/experiment/run/recipe_program.hpp>
#include <opad/experiment/run/run_pictures.hpp>
#include <opad/experiment/run/run_summary.hpp>
#include <opad/experiment/run/second_stage.hpp>
#include <opad/experiment/run/training_run.hpp>
#include <opad/experiment/run/validation.hpp>
#include <opad/ranks/ranks.hpp>
#include <opad/train/explain.hpp>
#include <opad/train/memory_need.hpp>

namespace opad {

/// One training run of a recipe, from options to adapters. A batch's way: open_concepts reads the
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
  static MemoryNeed memory_need(const RecipeProgram& program, const std::vector<std::string>& words);

 private:
  static std::vector<const char*> restarted_words(const Launch& launch, std::vector<const char*> words);
  bool parse(int argc, const char* const* argv);
  bool read(const std::vector<std::string>& words);
  void bind();
  int explain_costs();
  struct Explained {
    std::int64_t resolution;
    std::vector<Cost> costs;
    MemoryNeed memory;  // empty where the iterations had numbers
  };
  Explained explain_on(torch::Device device, const PartsRecord& parts);
  std::string word_about_memory(const PartsRecord& parts);
  void choose_for_machine();
  bool bfloat16() const { return settings_.dtype == "bfloat16"; }
  void check_teacher_adapters() const;
  void open_validation();
  PartsRecord parts() const;
  World load_world(const PartsRecord& parts);
  void require_room(const World& world) const;
  RunDescription description(const PartsRecord& parts) const;
  std::shared_ptr<TokenRows> new_rows(World& world, const std::vector<std::int64_t>& ids) const;
  ConceptDataset dataset(const World& world, const std::vector<ConceptData>& concepts) const;
  std::int64_t resolution(const World& world) const;
  TrainerOptions trainer_options(const World& world) const;
  bool caches() const { return settings_.cache_latents && !settings_.augmentation.enabled; }
  std::int64_t cached_pictures() const;
  Existing existing() const;

  int train(const RunFolder& folder, World& world, Trainer& trainer, RunPictures& pictures, const Tensor& before);
  void show_beginning(const RunFolder& folder, EventFile& events, std::int64_t side) const;
  void begin_second_stage(const RunFolder& folder, World& world, Trainer& trainer, RunPictures& pictures,
                          EventFile& events, const std::vector<MadePictures>& made);

  struct Beginning {
    std::int64_t start;
    bool goes_on;
    int code;  // of the exit, where it does not go on
  };
  Beginning begin(Trainer& trainer, const std::function<std::pair<std::int64_t, bool>()>& newest);
  int train_share(World& world, Trainer& trainer);
  std::int64_t second_stage_boundary() const;
  std::vector<Batch> batches_of(Prefetch& data, std::int64_t iteration) const;
  std::vector<MadePictures> make_pictures_of_all(Trainer& trainer, World& world) const;
  ConceptDataset with_made_pictures(std::vector<MadePictures> made, const World& world);

  void save_adapters(const RunFolder& folder, const std::string& name, World& world, Trainer& trainer) const;
  void finish(const RunFolder& folder, Trainer& trainer, RunPictures& pictures, EventFile& events,
              const RunSummary& summary) const;

  RecipeProgram program_;
  RunSettings settings_;
  std::unique_ptr<BoundRecipe> recipe_;
  std::optional<Method> method_;
  std::optional<Options> options_;
  torch::Device device_ = torch::kCPU;
  RunConcepts concepts_;
  std::optional<Validation> validation_;  // where it is asked for
  std::string started_as_;                // the words of the command before its options
  std::string choices_;                   // said of what was left to the program: --dtype auto and the like
  Ranks ranks_;
  std::map<std::string, std::string> encoders_;  // digests of the encoders that the recipe looks through
};

}  // namespace opad
