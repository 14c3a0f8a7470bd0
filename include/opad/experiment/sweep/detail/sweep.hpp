#pragma once
#include <opad/core/once.hpp>
#include <opad/evaluate/open_protocol.hpp>
#include <opad/experiment/run/detail/explain.hpp>
#include <opad/experiment/run/detail/start.hpp>
#include <opad/experiment/run/detail/train.hpp>
#include <opad/experiment/sweep/cell_claim.hpp>
#include <opad/experiment/sweep/detail/collect.hpp>
#include <opad/experiment/sweep/detail/row_options.hpp>
#include <opad/experiment/sweep/disk_need.hpp>
#include <opad/experiment/sweep/plan_text.hpp>
#include <opad/experiment/sweep/scoring.hpp>
#include <opad/experiment/sweep/settings.hpp>
#include <opad/experiment/sweep/sweep.hpp>

namespace opad {

/// Trains and evaluates variants x concepts x seeds, resumes what was stopped, makes one table and one report.
class Sweep {
 public:
  Sweep(std::string program, std::vector<Variant> variants)
      : program_(std::move(program)),
        variants_(std::move(variants)) {}

  int operator()(int argc, const char* const* argv) {
    if (argc > 2 && argv[1] == std::string("--train")) return train_one(argc, argv);
    if (!settings_.parse(program_, argc, argv)) return 0;
    if (settings_.untrained) variants_.push_back({.name = "untrained"});
    if (settings_.truth) variants_.push_back({.name = "truth", .truth = true});
    require_unique_names();
    for (const std::string& name : settings_.only)
      if (!settings_.all_rows) named(name);
    if (!settings_.reference.empty() && !settings_.all_rows) named(settings_.reference);
    row_settings_ = read_row_options(settings_, variants_);
    require_different_rows();
    require_output_apart();
    protocol_ = open_protocol(settings_.protocol, settings_.output / "photographs", settings_.photograph_resolution());
    require(!settings_.truth || protocol_.subjects.at(0).truth, "--truth: ", protocol_.name,
            " cannot draw its concepts; leave it out");
    settings_.choose(protocol_);
    if (settings_.list) return list();
    if (settings_.jobs) return print_jobs();
    if (settings_.dry_run) return dry_run();
    if (settings_.status) return status();
    meet_launcher();
    if (!settings_.collect)
      if (const int code = settings_.workers_share ? run_shared() : run_jobs(); code != 0) return code;
    const bool shared = settings_.workers_share || settings_.shards > 1;
    if (settings_.report)  // of workers that end together one makes it
      if (const auto claim = shared ? CellClaim::take(settings_.output, "report") : std::nullopt; claim || !shared)
        collect_results(program_, variants_, settings_, protocol_);
    return failures_.empty() ? 0 : 1;
  }

 private:
  using Job = SweepJob;

  /// PROGRAM --train VARIANT ...: one training run and nothing else.
  int train_one(int argc, const char* const* argv) {
    const Variant& variant = named(argv[2]);
    std::vector<const char*> words{argv[0]};
    words.insert(words.end(), argv + 3, argv + argc);
    require(variant.program.has_value(), "the row ", variant.name, " trains nothing");
    return run_training(program_of_row(variant), static_cast<int>(words.size()), words.data());
  }

  static RecipeProgram program_of_row(const Variant& variant) {
    RecipeProgram program = *variant.program;
    program.chosen_by = {"--train", variant.name};
    return program;
  }

  void require_unique_names() const;
  /// Two rows that compute the same are a slip: a row says in its recipe what it changes, or in --row-options.
  void require_different_rows() const;
  void require_output_apart() const;
  /// Refuses, before anything runs, what would only be missed later.
  void check_inputs(const std::vector<Job>& todo) const;

  const Variant& named(const std::string& name) const {
    std::vector<std::string> names;
    for (const Variant& variant : variants_) {
      if (variant.name == name) return variant;
      names.push_back(variant.name);
    }
    fail("there is no variant ", name, did_you_mean(name, names), "; --list shows them");
  }

  /// NAME=VALUE of a row's own, from --row-options.
  std::vector<std::string> row_settings(const Variant& variant) const {
    const auto own = row_settings_.find(variant.name);
    return own == row_settings_.end() ? std::vector<std::string>() : own->second;
  }

  bool wanted(const Variant& variant) const {
    return settings_.only.empty() || std::ranges::find(settings_.only, variant.name) != settings_.only.end();
  }

  std::vector<Job> jobs() const {
    std::vector<Job> out;
    for (const std::uint64_t seed : settings_.seeds)  // all rows of one seed before the next: a table is there early
      for (const Subject& subject : protocol_.subjects)
        for (const Variant& variant : variants_)
          if (wanted(variant) && settings_.in_shard(shard_of(variant, subject, seed)))
            out.push_back(
                {&variant, &subject, seed, settings_.output / variant.name / subject.name / c10::str("seed-", seed)});
    return out;
  }

  /// A number that spreads cells over shards: the row's place, or that of the row whose teacher it starts with, since
  /// both must be done by one worker.
  std::size_t shard_of(const Variant& variant, const Subject& subject, std::uint64_t seed) const {
    const Variant* root = &variant;
    while (!root->facts().teacher_of.empty()) root = &named(std::string(root->facts().teacher_of));
    const auto place = [](const auto& list, const auto& found) {
      return static_cast<std::size_t>(std::ranges::find_if(list, found) - list.begin());
    };
    const std::size_t row = place(variants_, [&](const auto& v) { return v.name == root->name; }),
                      concept_ = place(protocol_.subjects, [&](const auto& s) { return s.name == subject.name; }),
                      run = place(settings_.seeds, [&](std::uint64_t s) { return s == seed; });
    return (run * protocol_.subjects.size() + concept_) * variants_.size() + row;
  }

  /// Whether the job's results are there; throws when they were made with other options.
  bool finished(const Job& job) const {
    const auto file = job.folder / "results.json";
    if (!std::filesystem::exists(file)) return false;
    const Json plan = read_json(file).value("plan", Json());
    Json wanted = this->plan(job);
    if (plan.value("teacher", false)) wanted["teacher"] = true;  // more than asked for
    require(plan == wanted, file.string(), ": made with other options (",
            plan.dump(-1, ' ', false, Json::error_handler_t::replace),
            "); give the same ones, another --output, or remove the folder");
    return true;
  }

  /// What decides a job's results: two jobs with equal plans are the same.
  Json plan(const Job& job) const {
    std::vector<std::string> options;
    if (job.variant->program) {
      options = row_settings(*job.variant);
      options.insert(options.end(), settings_.forwarded.begin(), settings_.forwarded.end());
    }
    Json plan = settings_.plan(options);
    if (job.variant->ip_adapter)
      plan["ip-adapter"] = {settings_.ip_adapter_file().string(), settings_.ip_adapter_encoder().string(),
                            settings_.ip_adapter_scale};
    return plan;
  }

  /// A launcher's processes share a sweep as workers; they are no ranks of one training.
  void meet_launcher() const {
    const Launch launch = launch_of_process();
    require(launch.size == 1 || settings_.workers_share, "started as rank ", launch.rank, " of ", launch.size,
            ", but a sweep is many trainings; give --workers-share, or start single ones: --train ROW");
    forget_launch();
  }

  int list() const {
    for (const Variant& variant : variants_) std::cout << variant.name << "\n";
    std::cout << "\nconcepts of " << protocol_.name << ":";
    for (const Subject& subject : protocol_.subjects) std::cout << " " << subject.name;
    std::cout << std::endl;
    return 0;
  }

  int print_jobs() const {
    for (const Job& job : jobs())
      if (!finished(job)) std::cout << command(job) << "\n";
    std::cout << std::flush;
    return 0;
  }

  /// The command that does one job and nothing else.
  std::string command(const Job& job) const {
    return settings_.job_prefix + c10::str(" --only ", shell_word(job.variant->name), " --concepts ",
                                           shell_word(job.subject->name), " --seeds ", job.seed,
                                           job.variant->untrained() ? " --untrained"
                                           : job.variant->truth     ? " --truth"
                                                                    : "",
                                           " --report no");
  }

  int dry_run() const {
    std::set<std::string> options;  // of the wanted rows: who looks through an encoder can be told its folder
    for (const Variant& variant : variants_)
      if (wanted(variant) && variant.program)
        for (const std::string& name : option_names(*variant.program)) options.insert(name);
    SweepSettings seen = settings_;
    std::erase_if(seen.run.encoders, [&](const auto& encoder) { return !options.contains(encoder.first); });
    std::size_t open = 0;
    std::string memory;  // of the first run that needs no other one's teacher
    std::vector<RowDiskNeed> rows;
    const std::vector<Job> all = jobs();
    for (const Job& job : all) {
      auto row = std::ranges::find(rows, job.variant->name, &RowDiskNeed::row);
      if (row == rows.end()) {
        MemoryNeed need;
        if (job.variant->program) need = memory_of(job);
        if (memory.empty() && job.variant->program && job.variant->facts().teacher_of.empty()) memory = to_text(need);
        const double scored =
            static_cast<double>(job.subject->prompts.size()) * static_cast<double>(settings_.pictures);
        rows.push_back({.row = job.variant->name,
                        .each = disk_need(settings_, job.variant->program ? &need.left : nullptr, scored)});
        row = rows.end() - 1;
      }
      const bool to_do = !finished(job);
      ++row->runs, row->open += to_do, open += to_do;
    }
    std::cout << describe_plan(seen, protocol_, all.size(), open) << to_text(rows) << memory;
    return 0;
  }

  /// The memory that a job's training wants. The teacher that it would start with need not be there yet.
  MemoryNeed memory_of(const Job& job) const {
    std::vector<std::string> words = training_words(job);
    if (const auto given = std::ranges::find(words, "--teacher-adapters"); given != words.end())
      words.erase(given, given + 2);
    return memory_need(*job.variant->program, {words.begin() + 1, words.end()});
  }

  /// Of the row that the job's own starts with.
  std::filesystem::path teacher_folder(const Job& job) const {
    return settings_.output / job.variant->facts().teacher_of / job.subject->name / c10::str("seed-", job.seed) /
           "teacher";
  }

  int run_jobs();    // one after the other, in this process alone
  int run_shared();  // those that no other worker has, until all are done
  int status() const;
  bool do_job(const Job& job, int& code);

  int train(const Job& job) const {
    if (!job.variant->program) return 0;
    const std::vector<std::string> words = training_words(job);
    std::vector<const char*> argv;
    for (const std::string& word : words) argv.push_back(word.c_str());
    return run_training(program_of_row(*job.variant), static_cast<int>(argv.size()), argv.data());
  }

  std::vector<std::string> training_words(const Job& job) const {
    std::vector<std::string> words{program_, "--preview-every",         "0", "--preview-count",
                                   "1",      "--teacher-preview-steps", "0"};
    if (const auto own = row_settings(*job.variant); !own.empty()) {
      words.push_back("--set");
      words.insert(words.end(), own.begin(), own.end());
    }
    words.insert(words.end(), settings_.forwarded.begin(), settings_.forwarded.end());
    if (!job.variant->facts().teacher_of.empty())
      words.insert(words.end(), {"--teacher-adapters", teacher_folder(job).string()});
    const std::string prompt = settings_.instance_words(job.subject->class_word);
    for (const std::string& word :
         {std::string("--instance-data"), job.subject->folder.string(), std::string("--instance-prompt"), prompt,
          std::string("--seed"), std::to_string(job.seed), std::string("--output"), job.folder.string()})
      words.push_back(word);
    if (latest_checkpoint(job.folder)) words.insert(words.end(), {"--resume", job.folder.string()});
    else if (std::filesystem::exists(job.folder / "config.json"))
      words.push_back("--overwrite");  // stopped before its first checkpoint
    return words;
  }

  void score(const Job& job, const EvaluationEncoders& encoders, const RealFeatures& real) const {
    const Scoring scoring(settings_, job);
    Json result = scoring(encoders, real);
    const Subject& subject = *job.subject;
    result["prompts"] = subject.prompts, result["count"] = settings_.pictures;
    result["photographs"] = subject.folder.string(), result["class"] = subject.class_word;
    const auto summary = job.folder / "summary.json";
    result["summary"] = std::filesystem::exists(summary) ? read_json(summary) : Json();
    result["command"] = command(job);
    result["plan"] = plan(job);
    scoring.own("results.json");
    write_json(job.folder / "results.json", result);
  }

  std::string program_;
  std::vector<Variant> variants_;
  SweepSettings settings_;
  Protocol protocol_;
  RowOptions row_settings_;
  std::unique_ptr<EvaluationEncoders> encoders_;  // and what scoring needs of each concept's photographs
  std::map<std::string, RealFeatures> real_;
  std::map<std::string, std::string> failures_;  // what became of cells that failed
};

}  // namespace opad

#include <opad/experiment/sweep/detail/sweep_checks.hpp>
#include <opad/experiment/sweep/detail/workers.hpp>

namespace opad {

OPAD_ONCE int run_sweep(const std::string& program, std::vector<Variant> variants, int argc, const char* const* argv) {
  return Sweep(program, std::move(variants))(argc, argv);
}

}  // namespace opad
