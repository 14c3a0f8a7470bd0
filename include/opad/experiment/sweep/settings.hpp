#pragma once
#include <charconv>

#include <opad/evaluate/metrics.hpp>
#include <opad/evaluate/protocol.hpp>
#include <opad/experiment/options/failure_rule.hpp>
#include <opad/experiment/options/shell_word.hpp>
#include <opad/experiment/run/complete_settings.hpp>
#include <opad/experiment/run/settings.hpp>
#include <opad/models/autoencoder_kl_config.hpp>
#include <opad/models/unet_2d_condition_config.hpp>

namespace opad {

/// What a sweep can be told. Every option that it does not know goes to the training runs, which check it.
struct SweepSettings {
  bool list = false, jobs = false, dry_run = false, collect = false, report = true, untrained = false, truth = false,
       keep_going = false, workers_share = false, status = false, evaluate_teacher = false, all_rows = false;
  std::vector<std::string> only, concepts;
  std::vector<std::uint64_t> seeds{1, 2};
  std::string protocol = "mini-world", reference;
  std::int64_t prompts = 0, pictures = 0;
  std::filesystem::path evaluation_encoders, output = "runs/sweep", row_options, ip_adapter, ip_adapter_image_encoder;
  double ip_adapter_scale = 0.6;
  std::string shard;
  std::int64_t of_shards = 1, shards = 1;  // which, and how many
  FailureRule rule;
  RunSettings run;  // as command line and files have them, for the models that make the scored pictures
  std::vector<std::string> forwarded;  // words for every training run
  std::string job_prefix, whole;       // the command line: without the choice of runs, and all of it

  /// False: --help or --version was answered.
  OPAD_ONCE bool parse(const std::string& program, int argc, const char* const* argv) {
    const std::string name = std::filesystem::path(program).filename().string();
    Options own(name,
                "Trains variants of the method on every concept of a protocol, with several seeds, scores their "
                "pictures and makes one "
                "table and one report. Finished runs are not repeated. Options that are not listed here go to every "
                "training run; " +
                    name + " --train VARIANT --help lists them.");
    bind(own);
    Options shared(name, "");
    for (const char* encoder : {"dino", "dinov2", "identity-encoder"}) run.encoders[encoder];
    run.bind(shared);

    std::vector<std::string> own_words{program}, kept{program}, all{program};
    for (int i = 1; i < argc;) {
      const std::string word = argv[i];
      const auto name_of = word.starts_with("--") ? underscored(word.substr(2, word.find('=') - 2)) : word;
      const bool mine = knows(own, name_of) || name_of == "help" || word == "-h" || name_of == "version";
      constexpr std::array choice{"only",   "concepts",  "seeds", "list",          "jobs",  "dry-run", "collect",
                                  "report", "untrained", "truth", "workers-share", "shard", "status"};
      const bool choosing = std::ranges::find(choice, name_of) != choice.end();
      do {
        all.push_back(argv[i]);
        if (mine) own_words.push_back(argv[i]);
        else forwarded.push_back(argv[i]);
        if (!choosing) kept.push_back(argv[i]);
        ++i;
      } while (i < argc && !std::string_view(argv[i]).starts_with("--"));
    }
    job_prefix = joined(kept), whole = joined(all);
    if (!read(own, own_words)) return false;
    std::vector<std::string> shared_words{
        program, "--set"};  // what a training run gets, in its order: the later word wins here as there
    for (const auto& [option, value] : options_of_every_row()) shared_words.push_back(option + "=" + value);
    if (shared_words.size() == 2) shared_words.pop_back();
    shared_words.insert(shared_words.end(), forwarded.begin(), forwarded.end());
    if (!read(shared, shared_words, Options::Unknown::PassedOver)) return false;
    run.settle();
    for (const char* taken : {"--instance-data", "--instance-prompt", "--seed", "--resume", "--overwrite"})
      require(std::ranges::find(forwarded, taken) == forwarded.end(), taken,
              ": the sweep gives that to every run itself (see --protocol and --seeds)");
    read_shard();
    require(!seeds.empty(), "--seeds: give at least one number");
    require_counts({{"prompts", prompts, 0}, {"pictures", pictures, 0}});
    require_modifier_tokens(run.modifier_token);
    return true;
  }

  /// Of --row-options what holds for every row that has it, as (name, value).
  std::vector<std::pair<std::string, std::string>> options_of_every_row() const {
    if (row_options.empty()) return {};
    const Json rows = read_json(row_options);
    const auto every = rows.find("*");
    return every == rows.end() ? std::vector<std::pair<std::string, std::string>>{}
                               : flat_options(*every, row_options.string() + ": *");
  }

  /// Whether the cell of this number is this command's.
  bool in_shard(std::size_t number) const {
    return static_cast<std::int64_t>(number % static_cast<std::size_t>(shards)) == of_shards - 1;
  }

  /// What a concept is called in the prompts of its row: "<new1> dog".
  std::string instance_words(const std::string& class_word) const {
    return run.modifier_token.at(0) + " " + class_word;
  }

  std::filesystem::path encoders_folder() const {
    return evaluation_encoders.empty() ? run.models / "evaluation" : evaluation_encoders;
  }

  std::filesystem::path ip_adapter_file() const {
    return ip_adapter.empty() ? run.models / "ip-adapter" / "ip-adapter.safetensors" : ip_adapter;
  }
  std::filesystem::path ip_adapter_encoder() const {
    return ip_adapter_image_encoder.empty() ? run.models / "identity-encoder" / "image_encoder"
                                            : ip_adapter_image_encoder;
  }

  /// Side of photographs that are drawn for the sweep: the student's own unless --resolution says otherwise.
  std::int64_t photograph_resolution() const {
    if (run.resolution > 0) return run.resolution;
    const auto unet = run.student_folder() / "unet" / "config.json", vae = run.teacher_folder() / "vae" / "config.json";
    const auto blocks = AutoencoderKLConfig::from_json(read_json(vae), vae.string()).block_out_channels.size();
    return UNet2DConditionConfig::from_json(read_json(unet), unet.string()).sample_size << (blocks - 1);
  }

  /// Takes the chosen concepts and prompts, in the protocol's order.
  void choose(Protocol& of) {
    std::vector<std::string> names;
    for (const Subject& subject : of.subjects) names.push_back(subject.name);
    for (const std::string& wanted : concepts)
      require(std::ranges::find(names, wanted) != names.end(), "--concepts: ", of.name, " has no concept ", wanted,
              did_you_mean(wanted, names));
    if (!concepts.empty())
      std::erase_if(of.subjects,
                    [&](const Subject& s) { return std::ranges::find(concepts, s.name) == concepts.end(); });
    if (prompts > 0)
      for (Subject& subject : of.subjects)
        subject.prompts.resize(std::min(subject.prompts.size(), static_cast<std::size_t>(prompts)));
    if (pictures == 0) pictures = of.pictures_per_prompt;
  }

  /// What decides a run's results: two runs with equal plans are the same.
  ///   options  what its training is told
  Json plan(const std::vector<std::string>& options) const {
    return {{"protocol", protocol},
            {"prompts", prompts},
            {"pictures", pictures},
            {"encoders", encoders_folder().string()},
            {"failure", {{"dino", rule.dino}, {"kind", rule.kind}}},
            {"teacher", evaluate_teacher},
            {"options", options}};
  }

 private:
  OPAD_ONCE void bind(Options& options) {
    options.group("What to do");
    options.bind_value("list", list, "show variants and concepts");
    options.bind_value("dry-run", dry_run, "show the plan, sizes, disk, memory and time");
    options.bind_value("jobs", jobs,
                       "print a command a line for what is not finished, for GNU parallel, xargs or a Slurm array");
    options.bind_value("collect", collect, "train nothing; table and report of what is finished");
    options.bind_value("report", report, "table and report at the end");
    options.bind_value("status", status, "show what is done, what runs, what has failed, and how long it will take");
    options.bind_value("keep-going", keep_going,
                       "after a run that fails, go on with the others; the exit code is 1 then");
    options.bind_value(
        "all-rows", all_rows,
        "rows of other sweeps in --output belong to table and report, too; --only chooses and orders them");
    options.bind_value("workers-share", workers_share,
                       "any number of these commands, on one machine or many with one folder, share the runs: each "
                       "takes the next that nobody has, and what a worker that dies leaves is taken over");
    options.bind_value("shard", shard, "I/N: only every Nth run, from the Ith on, where workers cannot share a folder");
    options.group("Runs");
    options.bind_value("row-options", row_options,
                       "JSON of options by row: {\"*\": {...}, ROW: {...}}; of \"*\" a row takes what it has");
    options.bind_value("only", only, "variants; none: all");
    options.bind_value("concepts", concepts, "concepts; none: all of the protocol");
    options.bind_value("seeds", seeds, "of training and of the scored pictures");
    options.bind_value("untrained", untrained, "a row for the student as it is");
    options.bind_value(
        "truth", truth,
        "a row for the concepts themselves, drawn as the prompts ask (mini world only): the ceiling of every number");
    options.bind_value("reference", reference, "row that differences are taken to; none: the first");
    options.bind_value("output", output, "folder of all runs: OUTPUT/VARIANT/CONCEPT/seed-N");
    options.group("Evaluation");
    options.bind_value("protocol", protocol,
                       "mini-world, mini-world-development, or the folder of DreamBench or CustomConcept101");
    options.bind_value("prompts", prompts, "only the first so many prompts of each concept; 0: all");
    options.bind_value("pictures", pictures, "for each prompt; 0: as the protocol says");
    options.bind_value("evaluation-encoders", evaluation_encoders,
                       "folder with clip/, dino/ and maybe attribute-reader/; none: MODELS/evaluation");
    options.bind_value("evaluate-teacher", evaluate_teacher, "score the teacher's pictures too, 25 steps each");
    options.bind_value("ip-adapter", ip_adapter,
                       "file of the IP-Adapter for the row ip-adapter; none: MODELS/ip-adapter/ip-adapter.safetensors");
    options.bind_value("ip-adapter-image-encoder", ip_adapter_image_encoder,
                       "folder of its CLIP image encoder; none: MODELS/identity-encoder/image_encoder");
    options.bind_value("ip-adapter-scale", ip_adapter_scale, "weight of the photographs beside the prompt in that row");
    bind_failure_rule(options, rule);
  }

  void read_shard() {
    if (shard.empty()) return;
    const auto bar = shard.find('/');
    const auto number = [&](const std::string& text) {
      std::int64_t value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      return error == std::errc{} && end == text.data() + text.size() ? value : 0;
    };
    of_shards = number(shard.substr(0, bar)), shards = bar == std::string::npos ? 0 : number(shard.substr(bar + 1));
    require(1 <= of_shards && of_shards <= shards, "--shard ", shard, ": give I/N with 1 <= I <= N, such as 2/8");
  }

  static bool knows(const Options& options, const std::string& name) {
    return std::ranges::any_of(options.all(), [&](const Option& option) { return option.name == name; });
  }
  static std::string underscored(std::string name) {
    std::ranges::replace(name, '_', '-');
    return name;
  }
  static std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + shell_word(word);
    return text;
  }
  static bool read(Options& options, const std::vector<std::string>& words,
                   Options::Unknown unknown = Options::Unknown::Refused) {
    std::vector<const char*> argv;
    for (const std::string& word : words) argv.push_back(word.c_str());
    return options.parse(static_cast<int>(argv.size()), argv.data(), std::cout, unknown);
  }
};

}  // namespace opad
