// Every recipe of the experiments runs, and leaves what it promises.
#include <nlohmann/json.hpp>

#include "program.hpp"
#include "support/catch.hpp"

namespace {

/// A short run on the tiny models.
Finished train(const std::string& program, const fs::path& output, const std::string& more) {
  return start(program,
               "--models '" + tiny + "' --instance-data '" + photos +
                   "' --instance-prompt '<new1> cat' --initializer-token photo --resolution 96 --output '" +
                   output.string() +
                   "' --steps 2 --batch-size 1 --preview-every 0 --preview-count 1 --teacher-preview-steps 2 " +
                   "--validation-prompt 'a <new1> cat' --checkpoint-every 2 " + more);
}
nlohmann::json record(const fs::path& run) { return nlohmann::json::parse(read_text(run / "config.json")); }

}  // namespace

TEST_CASE("Every recipe of the experiments trains", "[programs][recipes]") {
  const ScratchFolder scratch;
  const auto given = scratch / "given";
  REQUIRE(train("opad", given, "").code == 0);
  REQUIRE(record(given)["preset"] == "default");
  REQUIRE(record(given)["policies"]["coupling"] == "joint");

  const std::string lpips = " --lpips '" OPAD_SOURCE_DIR "/tests/golden/lpips_alex/model/model.safetensors'",
                    five_levels = " --resolution 128";
  const std::vector<std::array<std::string, 3>> recipes{
      {"presets", "paper", lpips},
      {"presets", "release", five_levels},
      {"direct", "textual-inversion", ""},
      {"direct", "custom-diffusion", ""},
      {"direct", "dreambooth", ""},
      {"direct", "lora", ""},
      {"critics", "patches", ""},
      {"critics", "layers", ""},
      {"critics", "vsd", ""},
      {"teaching", "grid", ""},
      {"teaching", "full-sampling", " --target.steps 2"},
      {"teaching", "real-images", ""},
      {"teaching", "sequential", ""},
      {"teaching", "frozen-teacher", " --teacher-adapters '" + (given / "teacher").string() + "'"},
      {"teaching", "separate-text-encoders", ""},
      {"teaching", "collaborative", " --coupling.joint-share 0.5 --coupling.pictures 4"}};
  for (const auto& [program, recipe, more] : recipes) {
    INFO(program << " --recipe " << recipe);
    const auto run = scratch / recipe;
    const auto finished = train(program, run, "--recipe " + recipe + more);
    INFO(finished.errors);
    REQUIRE(finished.code == 0);
    REQUIRE(record(run)["recipe"] == recipe);
    REQUIRE(fs::exists(run / "<new1>.safetensors"));
    REQUIRE(fs::exists(run / "teacher") == (program != "direct"));
    const auto explained =
        start(program, "--models '" + tiny + "' --resolution 96 --explain --recipe " + recipe + more);
    INFO(explained.errors);
    REQUIRE_THAT(explained.output, ContainsSubstring("  at most  "));
  }
  REQUIRE(record(scratch / "release")["preset"] == "release");
  REQUIRE(fs::exists(scratch / "dreambooth" / "unet" / "config.json"));
  REQUIRE(record(scratch / "dreambooth")["recipe"] == "dreambooth");

  // the second stage: both models as they were before it, the student's pictures and which of them were kept
  const auto run = scratch / "collaborative";
  for (const char* file :
       {"joint/pytorch_custom_diffusion_weights.safetensors",
        "joint/teacher/pytorch_custom_diffusion_weights.safetensors", "previews/teacher-before-collaboration.png",
        "previews/teacher.png", "collaborative/0/pictures.safetensors"}) {
    INFO(file);
    REQUIRE(fs::exists(run / file));
  }
  const auto made = nlohmann::json::parse(read_text(run / "collaborative" / "0" / "pictures.json"));
  REQUIRE(made["prompts"].size() == 4);
  REQUIRE(made["kept"].size() == 2);
  const std::size_t best = made["kept"][0], second = made["kept"][1];
  for (std::size_t i = 0; i < 4; ++i)
    if (i != best && i != second) REQUIRE(made["scores"][i] <= made["scores"][second]);
  REQUIRE(read_text(run / "joint/teacher/pytorch_custom_diffusion_weights.safetensors") !=
          read_text(run / "teacher/pytorch_custom_diffusion_weights.safetensors"));
  // a frozen teacher is the given one still
  REQUIRE(read_text(scratch / "frozen-teacher" / "teacher/<new1>.safetensors") ==
          read_text(given / "teacher/<new1>.safetensors"));
}

TEST_CASE("Several concepts and their classes are learned in one run", "[programs][recipes]") {
  const ScratchFolder scratch;
  const auto run = scratch / "two";
  const auto finished =
      train("opad", run,
            "--instance-data '" + photos +
                "' --instance-prompt '<new2> dog' --modifier-token '<new1>' '<new2>' --initializer-token dog "
                "--class-images 2");
  INFO(finished.errors);
  REQUIRE(finished.code == 0);
  REQUIRE(fs::exists(run / "<new2>.safetensors"));
  REQUIRE(nlohmann::json::parse(read_text(run / "config.json"))["options"]["class-prompt"] ==
          nlohmann::json{"cat", "dog"});  // the prompts without their tokens
  for (const char* file : {"0-0.png", "0-1.png", "1-0.png", "1-1.png"})
    REQUIRE(fs::exists(run / "class-images" / file));
}

TEST_CASE("What does not fit together is said in one line", "[programs][recipes][input]") {
  const ScratchFolder scratch;
  const auto refused = [&](const std::string& program, const std::string& more, const std::string& message) {
    INFO(message);
    const auto finished = train(program, scratch / "run", more);
    REQUIRE(finished.code == 2);
    REQUIRE(finished.error_lines() == 1);
    REQUIRE_THAT(finished.errors, ContainsSubstring(message));
    REQUIRE(!std::filesystem::exists(scratch / "run"));
  };
  refused("teaching", "", "--recipe is missing; give one of grid, full-sampling");
  refused("teaching", "--recipe gird", "--recipe gird is not one of this program's; give one of grid");
  refused("teaching", "--recipe frozen-teacher",
          "--teacher-adapters is missing: the coupling frozen-teacher trains no teacher");
  refused("direct", "--recipe lora --teacher-adapters .", "the recipe lora has no teacher");
  refused("opad", "--class-prompt cat", "--class-prompt is of no use without --class-data or --class-images");
  refused("opad", "--class-images 2 --class-prompt cat dog", "--class-prompt: 2 prompts for 1 concepts");
  refused("opad", "--instance-prompt '<new1> dog'", "--instance-prompt: 2 prompts for 1 folders");
  refused("opad", "--critic.dino.warmup -1", "--critic.dino.warmup -1");
  refused("opad", "--learning-rate.cooldown-share 2", "--learning-rate.cooldown-share 2: give 0 to 1");
}

TEST_CASE("Gradient checkpointing leaves the same files", "[programs][recipes][checkpointing]") {
  const ScratchFolder scratch;
  const auto with = scratch / "with", without = scratch / "without";
  REQUIRE(train("opad", with, "--gradient-checkpointing yes").code == 0);
  REQUIRE(train("opad", without, "--gradient-checkpointing no").code == 0);
  for (const char* file : {"metrics.csv", "<new1>.safetensors", "pytorch_custom_diffusion_weights.safetensors",
                           "teacher/<new1>.safetensors", "teacher/pytorch_custom_diffusion_weights.safetensors"}) {
    INFO(file);
    REQUIRE(fs::exists(with / file));
    REQUIRE(read_text(with / file) == read_text(without / file));
  }
}

namespace {
/// The MiB of a line of --explain.
std::int64_t mebibytes(const std::string& said, const std::string& line) {
  const auto at = said.find("  " + line + "  ");
  REQUIRE(at != std::string::npos);
  return std::stoll(said.substr(at + line.size() + 2));
}
}  // namespace

TEST_CASE("The option --explain says what an iteration costs", "[programs][recipes][explain]") {
  const auto said = start("opad", "--models '" + tiny + "' --resolution 96 --explain");
  const auto larger = start("opad", "--models '" + tiny + "' --resolution 192 --batch-size 8 --explain"),
             again = start("opad", "--models '" + tiny +
                                       "' --resolution 192 --batch-size 8 --gradient-checkpointing yes --explain");
  const std::string step = "while running: iteration of teacher, student, critics";
  REQUIRE(mebibytes(larger.output, step) > 4 * mebibytes(said.output, step));
  REQUIRE(mebibytes(again.output, step) < mebibytes(larger.output, step));
  REQUIRE(mebibytes(larger.output, "frozen networks") == mebibytes(said.output, "frozen networks"));
  REQUIRE(mebibytes(larger.output, "at most") > mebibytes(larger.output, step));
  INFO(said.errors);
  REQUIRE(said.code == 0);
  REQUIRE_THAT(said.output, ContainsSubstring("recipe default"));
  REQUIRE_THAT(said.output, ContainsSubstring("identity-encoder      3 forward  1 backward"));
  REQUIRE_THAT(said.output, ContainsSubstring("bytes of gradients"));
  REQUIRE_THAT(said.output, ContainsSubstring("encoded in every iteration that shows them"));
  const auto two_kinds = start("teaching", "--models '" + tiny +
                                               "' --resolution 96 --recipe sequential --explain "
                                               "--augmentation.enabled no");
  REQUIRE_THAT(two_kinds.output, ContainsSubstring("encoded once in a run"));
  REQUIRE_THAT(two_kinds.output, ContainsSubstring("an iteration that moves teacher\n"));
  REQUIRE_THAT(two_kinds.output, ContainsSubstring("an iteration that moves student, critics\n"));
}
