#pragma once
#include <opad/core/once.hpp>
#include <opad/evaluate/concept_scores.hpp>
#include <opad/evaluate/open_protocol.hpp>
#include <opad/evaluate/picture_maker.hpp>
#include <opad/experiment/report.hpp>
#include <opad/experiment/run.hpp>
#include <opad/experiment/sweep_plan.hpp>
#include <opad/train/derived.hpp>

namespace opad {

/// One row of a sweep. A recipe's type ends here: everything behind is ordinary code, compiled once for any number of
/// rows.
struct Variant {
  std::string name = {};
  std::function<int(int argc, const char* const* argv)> train = {};  // none: the student as it is
  std::function<std::vector<std::string>()> options = {};            // names of what its training can be told
  int published = 0;  // what the paper says of its identity against the reference: -1 drops, +1 gains, 0 nothing
  std::string teacher_of =
      {};  // row whose trained teacher this one starts with (same concept and seed); none: the base teacher
  bool copied = false;      // whether the teacher's adapters are put on the student, untrained, and that is scored
  bool ip_adapter = false;  // whether the student, untrained, is shown the photographs through an IP-Adapter
  bool truth = false;       // whether no model makes its pictures: the protocol draws what the prompts ask for
};

/// The row of the IP-Adapter baseline: no training, the concept's photographs beside every prompt (--ip-adapter,
/// --ip-adapter-scale).
struct IpAdapterRow {
  static std::string name() { return "ip-adapter"; }
  static constexpr int published = drops;
};

/// The rows of a hana sequence of types. A recipe may say, as static constexpr members, what a Variant's fields say:
///   int published = -1     std::string_view teacher_of = "full"     bool copied = true
template <class Rows>
std::vector<Variant> variants_of(const Rows& rows) {
  std::vector<Variant> out;
  hana::for_each(rows, [&](auto row) {
    using Recipe = typename decltype(row)::type;
    Variant variant;
    variant.name = Recipe::name();
    if constexpr (std::same_as<Recipe, IpAdapterRow>) {
      variant.ip_adapter = true;
    } else {
      variant.train = [](int argc, const char* const* argv) { return Run<Recipe>()(argc, argv); };
      variant.options = [] { return Run<Recipe>::option_names(); };
    }
    if constexpr (requires { Recipe::published; }) variant.published = Recipe::published;
    if constexpr (requires { Recipe::teacher_of; }) variant.teacher_of = Recipe::teacher_of;
    if constexpr (requires { Recipe::copied; }) variant.copied = Recipe::copied;
    out.push_back(std::move(variant));
  });
  return out;
}

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
    read_row_options();
    protocol_ = open_protocol(settings_.protocol, settings_.output / "photographs", settings_.photograph_resolution());
    require(!settings_.truth || protocol_.subjects.at(0).truth, "--truth: ", protocol_.name,
            " cannot draw its concepts; leave it out");
    settings_.choose(protocol_);
    if (settings_.list) return list();
    if (settings_.jobs) return print_jobs();
    if (settings_.dry_run) return dry_run();
    if (!settings_.collect)
      if (const int code = run_jobs(); code != 0) return code;
    if (settings_.report) collect();
    return failed_ ? 1 : 0;
  }

 private:
  struct Job {
    const Variant* variant;
    const Subject* subject;
    std::uint64_t seed;
    std::filesystem::path folder;
  };

  /// PROGRAM --train VARIANT ...: one training run and nothing else.
  int train_one(int argc, const char* const* argv) {
    const Variant& variant = named(argv[2]);
    std::vector<const char*> words{argv[0]};
    words.insert(words.end(), argv + 3, argv + argc);
    return variant.train(static_cast<int>(words.size()), words.data());
  }

  void require_unique_names() const {
    std::set<std::string> names;
    for (const Variant& variant : variants_)
      require(names.insert(variant.name).second, program_, ": two variants are called ", variant.name);
  }

  const Variant& named(const std::string& name) const {
    std::vector<std::string> names;
    for (const Variant& variant : variants_) {
      if (variant.name == name) return variant;
      names.push_back(variant.name);
    }
    fail("there is no variant ", name, did_you_mean(name, names), "; --list shows them");
  }

  /// --row-options: each row's words for its training, and a refusal of what no row has.
  void read_row_options() {
    if (settings_.row_options.empty()) return;
    const std::string file = settings_.row_options.string();
    const Json all = read_json(settings_.row_options);
    require(all.is_object(), file, ": not an object {\"*\": {options of every row}, \"ROW\": {options of one}, ...}");
    std::set<std::string> of_any;
    for (const Variant& variant : variants_) {
      if (!variant.train) continue;
      const std::vector<std::string> known = variant.options();
      of_any.insert(known.begin(), known.end());
      for (const auto& [scope, options] : all.items()) {
        if (scope != "*" && scope != variant.name) continue;
        for (const auto& [name, value] : flat_options(options, file + ": " + scope)) {
          if (std::ranges::find(known, name) != known.end()) row_settings_[variant.name].push_back(name + "=" + value);
          else
            require(scope == "*", file, ": ", name, " is not an option of the row ", scope, did_you_mean(name, known));
        }
      }
    }
    for (const auto& [name, value] : settings_.options_of_every_row())
      require(of_any.contains(name), file, ": ", name, " is an option of no row",
              did_you_mean(name, {of_any.begin(), of_any.end()}));
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
          if (wanted(variant))
            out.push_back(
                {&variant, &subject, seed, settings_.output / variant.name / subject.name / c10::str("seed-", seed)});
    return out;
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
    if (job.variant->train) {
      options = row_settings(*job.variant);
      options.insert(options.end(), settings_.forwarded.begin(), settings_.forwarded.end());
    }
    Json plan = settings_.plan(options);
    if (job.variant->ip_adapter)
      plan["ip-adapter"] = {settings_.ip_adapter_file().string(), settings_.ip_adapter_encoder().string(),
                            settings_.ip_adapter_scale};
    return plan;
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
                                           job.variant->name == "untrained" ? " --untrained"
                                           : job.variant->truth             ? " --truth"
                                                                            : "",
                                           " --report no");
  }

  int dry_run() const {
    std::size_t open = 0;
    for (const Job& job : jobs()) open += !finished(job);
    std::set<std::string> options;  // of the wanted rows: who looks through an encoder can be told its folder
    for (const Variant& variant : variants_)
      if (wanted(variant) && variant.train)
        for (const std::string& name : variant.options()) options.insert(name);
    SweepSettings seen = settings_;
    std::erase_if(seen.run.encoders, [&](const auto& encoder) { return !options.contains(encoder.first); });
    std::cout << seen.describe(protocol_, jobs().size(), open);
    return 0;
  }

  /// Of the row that the job's own starts with.
  std::filesystem::path teacher_folder(const Job& job) const {
    return settings_.output / job.variant->teacher_of / job.subject->name / c10::str("seed-", job.seed) / "teacher";
  }

  /// Refuses, before anything runs, what would only be missed later.
  void check_inputs(const std::vector<Job>& todo) const {
    for (std::size_t i = 0; i < todo.size(); ++i) {
      const Job& job = todo[i];
      if (job.variant->ip_adapter)
        for (const auto& path : {settings_.ip_adapter_file(), settings_.ip_adapter_encoder()})
          require(std::filesystem::exists(path), path.string(), ": no such file or folder; the row ", job.variant->name,
                  " needs --ip-adapter and "
                  "--ip-adapter-image-encoder");
      const std::string& row = job.variant->teacher_of;
      if (row.empty() || std::filesystem::is_directory(teacher_folder(job))) continue;
      const bool comes_before =
          std::any_of(todo.begin(), todo.begin() + static_cast<std::ptrdiff_t>(i), [&](const Job& other) {
            return other.variant->name == row && other.subject == job.subject && other.seed == job.seed;
          });
      require(comes_before, teacher_folder(job).string(), ": the row ", job.variant->name,
              " starts with the teacher of the row ", row, "; run that one first, with the same --output");
    }
  }

  int run_jobs() {
    std::vector<Job> todo;
    for (const Job& job : jobs())
      if (!finished(job)) todo.push_back(job);
    check_inputs(todo);
    std::cerr << program_ << ": " << todo.size() << " runs to do, " << jobs().size() - todo.size() << " done already"
              << std::endl;
    if (todo.empty()) return 0;
    const EvaluationEncoders encoders(settings_.encoders_folder(), parse_device(settings_.run.device));
    std::map<std::string, RealFeatures> real;
    std::string failures;
    for (std::size_t i = 0; i < todo.size(); ++i) {
      const Job& job = todo[i];
      std::cerr << "\n[" << i + 1 << "/" << todo.size() << "] " << job.variant->name << ", " << job.subject->name
                << ", seed " << job.seed << std::endl;
      try {
        if (const int code = train(job); code != 0) return code;
        auto found = real.find(job.subject->name);
        if (found == real.end())
          found =
              real.emplace(job.subject->name, RealFeatures(encoders, read_concept_folder(job.subject->folder).pictures))
                  .first;
        evaluate(job, encoders, found->second);
      } catch (const Error& error) {
        require(settings_.keep_going, job.folder.string(), ": ", error.what());
        std::cerr << program_ << ": " << error.what() << std::endl;
        failures += c10::str(failures.empty() ? "" : ", ", job.folder.string());
      }
    }
    failed_ = !failures.empty();
    if (failed_) std::cerr << program_ << ": not finished: " << failures << std::endl;
    return 0;
  }

  int train(const Job& job) const {
    if (!job.variant->train) return 0;
    const std::vector<std::string> words = training_words(job);
    std::vector<const char*> argv;
    for (const std::string& word : words) argv.push_back(word.c_str());
    return job.variant->train(static_cast<int>(argv.size()), argv.data());
  }

  std::vector<std::string> training_words(const Job& job) const {
    std::vector<std::string> words{program_, "--preview-every",         "0", "--preview-count",
                                   "1",      "--teacher-preview-steps", "0"};
    if (const auto own = row_settings(*job.variant); !own.empty()) {
      words.push_back("--set");
      words.insert(words.end(), own.begin(), own.end());
    }
    words.insert(words.end(), settings_.forwarded.begin(), settings_.forwarded.end());
    if (!job.variant->teacher_of.empty())
      words.insert(words.end(), {"--teacher-adapters", teacher_folder(job).string()});
    const std::string prompt = instance_words(*job.subject);
    for (const std::string& word :
         {std::string("--instance-data"), job.subject->folder.string(), std::string("--instance-prompt"), prompt,
          std::string("--seed"), std::to_string(job.seed), std::string("--output"), job.folder.string()})
      words.push_back(word);
    if (latest_checkpoint(job.folder)) words.insert(words.end(), {"--resume", job.folder.string()});
    else if (std::filesystem::exists(job.folder / "config.json"))
      words.push_back("--overwrite");  // stopped before its first checkpoint
    return words;
  }

  std::string instance_words(const Subject& subject) const {
    return settings_.run.modifier_token.at(0) + " " + subject.class_word;
  }

  void evaluate(const Job& job, const EvaluationEncoders& encoders, const RealFeatures& real) const {
    const Subject& subject = *job.subject;
    const bool trained = job.variant->train != nullptr;
    std::vector<std::string> plain;
    for (const std::string& prompt : subject.prompts)
      for (std::int64_t k = 0; k < settings_.pictures; ++k) plain.push_back(fill_prompt(prompt, subject.class_word));
    const auto draw = [&] {
      std::vector<Tensor> pictures;
      for (std::size_t i = 0; i < plain.size(); ++i) {
        Stream random = Random(job.seed).stream("evaluate/truth", static_cast<std::int64_t>(i));
        pictures.push_back(subject.truth(plain[i], random));
      }
      return pictures;
    };
    const auto make = [&](bool teacher) {
      const auto model = teacher ? settings_.run.teacher_folder() : settings_.run.student_folder();
      const auto adapters = !trained                         ? std::filesystem::path()
                            : teacher || job.variant->copied ? job.folder / "teacher"
                                                             : job.folder;
      PictureMaker maker(settings_.run.teacher_folder(), model, adapters, parse_device(settings_.run.device));
      const std::int64_t side = settings_.run.resolution > 0 ? settings_.run.resolution : maker.resolution();
      if (job.variant->ip_adapter)
        maker.look_at(settings_.ip_adapter_file(), settings_.ip_adapter_encoder(),
                      read_concept_folder(subject.folder).pictures, settings_.ip_adapter_scale);
      std::vector<Tensor> pictures;
      for (std::size_t p = 0; p < subject.prompts.size(); ++p) {
        const Tensor noise = maker.noise(Random(job.seed).stream("evaluate/noise", static_cast<std::int64_t>(p)),
                                         settings_.pictures, side);
        const std::string prompt =
            fill_prompt(subject.prompts[p], trained ? instance_words(subject) : subject.class_word);
        for (Tensor& picture : teacher ? maker.many_steps(prompt, noise, 25, settings_.run.teacher_preview_guidance)
                                       : maker.one_step(prompt, noise, student_steps(job)))
          pictures.push_back(std::move(picture));
      }
      return pictures;
    };
    const auto score = [&](const std::vector<Tensor>& pictures, const char* folder) {
      for (std::size_t i = 0; i < pictures.size(); ++i)
        write_png(job.folder / folder / picture_name(i, settings_.pictures), pictures[i]);
      return score_concept(encoders, real, pictures, plain, subject.attributes, settings_.rule);
    };
    const ConceptScores scores = score(job.variant->truth ? draw() : make(false), "evaluation");
    Json result{{"variant", job.variant->name},
                {"concept", subject.name},
                {"seed", job.seed},
                {"metrics", scores.metrics},
                {"published", job.variant->published}};
    if (settings_.evaluate_teacher && std::filesystem::is_directory(job.folder / "teacher"))
      result["teacher"] = score(make(true), "evaluation-teacher").metrics;
    result["prompts"] = subject.prompts, result["count"] = settings_.pictures, result["pictures"] = scores.pictures;
    result["photographs"] = subject.folder.string(), result["class"] = subject.class_word;
    const auto summary = job.folder / "summary.json";
    result["summary"] = std::filesystem::exists(summary) ? read_json(summary) : Json();
    result["command"] = command(job);
    result["plan"] = plan(job);
    write_json(job.folder / "results.json", result);
  }

  /// The steps that the run's student takes: an option of the run, in its config.json.
  static std::int64_t student_steps(const Job& job) {
    const auto file = job.folder / "config.json";
    if (!std::filesystem::exists(file)) return 1;
    const Json config = read_json(file);
    const auto place = Json::json_pointer("/options/sampler/steps");
    return config.contains(place) ? config.at(place).get<std::int64_t>() : 1;
  }

  /// Names of the rows of table and report, the reference first.
  std::vector<std::string> rows() const {
    std::vector<std::string> names = settings_.all_rows ? settings_.only : std::vector<std::string>();
    if (names.empty())
      for (const Variant& variant : variants_) names.push_back(variant.name);
    if (settings_.all_rows && settings_.only.empty()) {
      std::set<std::string> others;
      for (const auto& entry : std::filesystem::directory_iterator(settings_.output))
        if (entry.is_directory() && entry.path().filename() != "photographs")
          others.insert(entry.path().filename().string());
      for (const std::string& other : others)
        if (std::ranges::find(names, other) == names.end()) names.push_back(other);
    }
    if (!settings_.reference.empty())
      std::ranges::stable_partition(names, [&](const std::string& name) { return name == settings_.reference; });
    return names;
  }

  void collect() const {
    const std::filesystem::path origin =
        settings_.all_rows ? settings_.output : std::filesystem::path(program_);  // rows of many programs: the folder's
    SweepResults results{.title = origin.filename().string(), .protocol = protocol_.name, .rule = settings_.rule};
    for (const Subject& subject : protocol_.subjects) results.subjects.push_back(subject.name);
    results.seeds = settings_.seeds;
    for (const std::string& row : rows()) {
      std::optional<int> published;
      for (const std::string& subject : results.subjects)
        for (const std::uint64_t seed : results.seeds) {
          const auto folder = settings_.output / row / subject / c10::str("seed-", seed);
          if (!std::filesystem::exists(folder / "results.json")) continue;
          results.runs.push_back(RunResult::read(folder));
          published = results.runs.back().json.value("published", 0);
        }
      if (published) results.variants.push_back(row), results.published.push_back(*published);
    }
    require(!results.runs.empty(), settings_.output.string(), ": nothing is finished yet; run the sweep first");
    results.commands.push_back(settings_.whole);
    write_sweep_report(results, settings_.output);
    std::cout << table_markdown(make_table(results)) << "\n"
              << (settings_.output / "report.html").string() << "\n"
              << (settings_.output / "table.csv").string() << "\n"
              << (settings_.output / "table.md").string() << std::endl;
  }

  std::string program_;
  std::vector<Variant> variants_;
  SweepSettings settings_;
  Protocol protocol_;
  std::map<std::string, std::vector<std::string>> row_settings_;  // NAME=VALUE by row, from --row-options
  bool failed_ = false;
};

OPAD_ONCE int run_sweep(const std::string& program, std::vector<Variant> variants, int argc, const char* const* argv) {
  return Sweep(program, std::move(variants))(argc, argv);
}

/// The whole of a sweep's main:  int main(int argc, char** argv) { return opad::sweep(hana::tuple_t<Full,
/// WithoutCritics>, argc, argv); } The first row is the reference that differences are taken to.
template <class Rows>
int sweep(Rows rows, int argc, char** argv) {
  return guarded_main(std::filesystem::path(argv[0]).filename().string(),
                      [&] { return run_sweep(argv[0], variants_of(rows), argc, argv); });
}

}  // namespace opad
