#pragma once
#include <iostream>

#include <opad/experiment/run/detail/training_run.hpp>
#include <opad/experiment/run/guarded_main.hpp>
#include <opad/io/json_in.hpp>

/// A training run's command line: options of the run, of its recipe's policies, of a run that goes on.
namespace opad {

OPAD_ONCE std::vector<std::string> TrainingRun::option_names() {
  bind();
  std::vector<std::string> names;
  for (const auto& option : options_->all()) names.push_back(option.name);
  return names;
}

OPAD_ONCE bool TrainingRun::read(const std::vector<std::string>& words) {
  bind();
  std::vector<const char*> argv{program_.name.c_str()};
  for (const auto& word : words) argv.push_back(word.c_str());
  const bool goes_on = options_->parse(static_cast<int>(argv.size()), argv.data());
  settings_.settle();
  return goes_on;
}

OPAD_ONCE ReopenedRun TrainingRun::reopen(const RecipeProgram& program, const std::filesystem::path& run) {
  TrainingRun self(program);
  self.read({"--config", (run / "config.json").string()});
  return {self.settings_, self.recipe_->method()};
}

OPAD_ONCE std::string TrainingRun::identity(const RecipeProgram& program, const std::vector<std::string>& words) {
  TrainingRun self(program);
  self.read(words);
  return c10::str(program.types, " ", self.options_->resolved().dump());
}

/// A launcher that starts a run again means it to go on.
OPAD_ONCE std::vector<const char*> TrainingRun::restarted_words(const Launch& launch, std::vector<const char*> words) {
  if (launch.restarts == 0) return words;
  const auto is = [](const std::string& name) {
    return [name](const char* word) {
      return word == "--" + name || std::string_view(word).starts_with("--" + name + "=");
    };
  };
  std::erase_if(words, is("overwrite"));
  if (std::ranges::none_of(words, is("resume"))) words.push_back("--resume");
  return words;
}

/// With --resume, the run's own options are read first, with whatever this command line says on top.
OPAD_ONCE bool TrainingRun::parse(int argc, const char* const* argv) {
  namespace fs = std::filesystem;
  bind();
  if (!options_->parse(argc, argv)) return false;
  if (settings_.resume.empty()) return settings_.settle(), true;
  const fs::path run = settings_.resume == RunSettings::resume_output ? settings_.output : fs::path(settings_.resume);
  require(!run.empty(), "--resume: give the folder of the run, or --output");
  require(settings_.output.empty() || fs::weakly_canonical(settings_.output) == fs::weakly_canonical(run) ||
              fs::weakly_canonical(settings_.output / "") == fs::weakly_canonical(run / ""),
          "--resume ", run.string(), " and --output ", settings_.output.string(),
          " are two folders, but a run goes on in its own; leave --output out");
  if (const auto config = (run / "config.json").string(); fs::exists(config)) {
    std::vector<const char*> words{argv[0], "--config", config.c_str()};
    words.insert(words.end(), argv + 1, argv + argc);
    settings_ = {};
    bind();
    if (!options_->parse(static_cast<int>(words.size()), words.data())) return false;
    if (settings_.threads == 0)  // whatever another machine would decide
      settings_.threads = json_in(config, [&] {
        return read_json(config).value("contents", Json::object()).value("threads", std::int64_t{0});
      });
  } else {  // one command for a batch system: it starts what it will go on with
    require(!settings_.instance_data.empty(), "--resume ", run.string(),
            ": no run there; give the run's folder, or with it the options of a new run");
  }
  settings_.resume = run.string(), settings_.output = run;
  settings_.settle();
  return true;
}

OPAD_ONCE void TrainingRun::bind() {
  options_.emplace(program_.name, "Personalises a one-step diffusion model together with its teacher (OPAD), recipe '" +
                                      program_.name + "'.");
  recipe_ = program_.make();
  program_.defaults(settings_);
  for (const auto& encoder : recipe_->encoders()) settings_.encoders[encoder.name];
  settings_.bind(*options_);
  recipe_->bind(*options_);
}
OPAD_ONCE int run_training(const RecipeProgram& program, int argc, const char* const* argv) {
  return TrainingRun(program)(argc, argv);
}
OPAD_ONCE std::vector<std::string> option_names(const RecipeProgram& program) {
  return TrainingRun(program).option_names();
}
OPAD_ONCE ReopenedRun reopen(const RecipeProgram& program, const std::filesystem::path& run) {
  return TrainingRun::reopen(program, run);
}
OPAD_ONCE std::string identity(const RecipeProgram& program, const std::vector<std::string>& words) {
  return TrainingRun::identity(program, words);
}
OPAD_ONCE int run_chosen(const std::vector<RecipeProgram>& programs, int argc, char** argv) {
  std::vector<char*> others(argv, argv + argc);
  const auto at =
      std::find_if(others.begin(), others.end(), [](const char* word) { return std::string_view(word) == "--recipe"; });
  const std::string wanted = at != others.end() && at + 1 != others.end() ? at[1] : "";
  if (!wanted.empty()) others.erase(at, at + 2);
  const auto chosen = std::ranges::find(programs, wanted, &RecipeProgram::name);
  return guarded_main(wanted.empty() ? argv[0] : wanted, [&]() -> int {
    if (chosen != programs.end()) {
      RecipeProgram program = *chosen;
      program.chosen_by = {"--recipe", wanted};
      return run_training(program, static_cast<int>(others.size()), others.data());
    }
    std::string names;
    for (const auto& program : programs) names += (names.empty() ? "" : ", ") + program.name;
    fail(wanted.empty() ? "--recipe is missing" : "--recipe " + wanted + " is not one of this program's",
         "; give one of ", names);
  });
}

}  // namespace opad
