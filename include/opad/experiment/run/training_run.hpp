#pragma once
#include <string>
#include <vector>

#include <opad/experiment/run/recipe_program.hpp>
#include <opad/train/memory_need.hpp>

/// A training run as its programs use it; what it does is in detail/, compiled once.
namespace opad {

/// One training run of a recipe, from options to adapters.
/// -> exit code (experiment/options/exit_codes.hpp)
int run_training(const RecipeProgram& program, int argc, const char* const* argv);

/// Names of everything that its command line can be told.
std::vector<std::string> option_names(const RecipeProgram& program);

/// A run's own settings and method, read from its folder.
struct ReopenedRun {
  RunSettings settings;
  Method method;
};
/// Reads them.
ReopenedRun reopen(const RecipeProgram& program, const std::filesystem::path& run);

/// A text that two recipes share exactly when they train the same: the types of their policies and every option.
///   words  options, as on a command line
std::string identity(const RecipeProgram& program, const std::vector<std::string>& words);

/// The memory that a run with these options wants.
MemoryNeed memory_need(const RecipeProgram& program, const std::vector<std::string>& words);

/// The program of several recipes, one of which --recipe NAME chooses.
int run_chosen(const std::vector<RecipeProgram>& programs, int argc, char** argv);

}  // namespace opad
