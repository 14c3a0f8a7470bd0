#include <opad/io/json.hpp>

#include "program.hpp"
#include "support/catch.hpp"

namespace {

const std::string encoders = OPAD_SOURCE_DIR "/tests/golden/evaluate/metrics";

/// A sweep of one concept and one seed that takes seconds.
std::string small(const fs::path& output, const std::string& more = "") {
  return "--models '" + tiny + "' --output '" + output.string() + "' --evaluation-encoders '" + encoders +
         "' --concepts plain-duck --seeds 3 --steps 1 --batch-size 1 --prompts 2 --pictures 1 --initializer-token photo " + more;
}

std::size_t lines(const std::string& text) { return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')); }

/// One clear line that holds the given words, and exit code 2.
void refused(const std::string& program, const std::string& args, const std::vector<std::string>& words) {
  const auto done = start(program, args);
  INFO(done.errors);
  REQUIRE(done.code == 2);
  REQUIRE(done.error_lines() == 1);
  for (const auto& word : words) REQUIRE_THAT(done.errors, ContainsSubstring(word));
}

}  // namespace

TEST_CASE("A sweep's commands can be run one by one, and are not repeated", "[programs][sweep]") {
  const ScratchFolder scratch;
  const auto output = scratch / "sweep";
  const auto jobs = start("ablate_losses", small(output, "--only full without-adversarial --untrained --jobs"));
  REQUIRE(jobs.code == 0);
  REQUIRE(lines(jobs.output) == 2);
  write_text(scratch / "jobs", jobs.output);
  REQUIRE(std::system(("OMP_NUM_THREADS=1 bash -e '" + (scratch / "jobs").string() + "' 2>/dev/null").c_str()) == 0);
  REQUIRE_FALSE(fs::exists(output / "report.html"));
  const auto left = start("ablate_losses", small(output, "--only full without-adversarial --jobs"));
  REQUIRE(left.output.empty());

  SECTION("then the sweep only makes the report") {
    const auto report = start("ablate_losses", small(output, "--only full without-adversarial"));
    REQUIRE(report.code == 0);
    REQUIRE_THAT(report.errors, ContainsSubstring("0 runs to do, 2 done already"));
    REQUIRE_THAT(report.output, ContainsSubstring("| without-adversarial |"));
    REQUIRE_THAT(read_text(output / "report.html"), ContainsSubstring("plain-duck"));
    REQUIRE_THAT(read_text(output / "table.csv"), ContainsSubstring("without-adversarial,dino,"));
    refused("ablate_losses", small(output, "--only full --set loss.latent-mse.weight=0.5"), {"results.json", "other options"});
  }
  SECTION("a run whose scores are missing goes on from its checkpoint to the same scores") {
    const auto file = output / "full" / "plain-duck" / "seed-3" / "results.json";
    const auto before = opad::read_json(file);
    REQUIRE(before.at("pictures").at("dino").size() == 2);
    REQUIRE(before.at("summary").at("passes per iteration").contains("student-unet"));
    fs::remove(file);
    REQUIRE(start("ablate_losses", small(output, "--only full --report no")).code == 0);
    REQUIRE(opad::read_json(file).at("metrics") == before.at("metrics"));
  }
}

TEST_CASE("A sweep says what it has and what it would do", "[programs][sweep]") {
  const ScratchFolder scratch;
  const auto list = start("ablate_losses", small(scratch / "sweep", "--list"));
  REQUIRE(list.code == 0);
  REQUIRE_THAT(list.output, ContainsSubstring("without-adversarial") && ContainsSubstring("plain-duck"));
  const auto plan = start("ablate_losses", small(scratch / "sweep", "--dry-run"));
  REQUIRE(plan.code == 0);
  REQUIRE_THAT(plan.output, ContainsSubstring("student U-Net") && ContainsSubstring("memory:") && ContainsSubstring("time:"));
  REQUIRE_FALSE(fs::exists(scratch / "sweep" / "full"));
  refused("ablate_losses", small(scratch / "sweep", "--only ful"), {"ful", "did you mean full"});
  refused("ablate_losses", small(scratch / "sweep", "--protocol nowhere"), {"nowhere", "mini-world"});
  refused("ablate_losses", small(scratch / "sweep", "--seed 3"), {"--seed", "--seeds"});
  refused("ablate_losses", "--models '" + tiny + "' --concepts plain-duk --output '" + (scratch / "x").string() + "'", {"plain-duk", "plain-duck"});
  refused("ablate_losses", small(scratch / "sweep", "--collect"), {"nothing is finished"});
}

TEST_CASE("The scoring program prints what the published evaluators do", "[programs][evaluate]") {
  const ScratchFolder scratch;
  const auto expected = opad::read_json(encoders + "/expected.json");
  opad::Json prompts = opad::Json::object();
  for (std::size_t i = 0; i < expected.at("prompts").size(); ++i) {
    std::string prompt = expected.at("prompts")[i];
    prompts[std::to_string(i)] = prompt.insert(prompt.find("cat"), "<new1> ");  // the token is left out again
  }
  opad::write_json(scratch / "prompts.json", prompts);
  const std::string base = "--generated '" + encoders + "/generated' --real '" + photos + "' --encoders '" + encoders + "' ";
  const auto done = start("evaluate", base + "--prompts '" + (scratch / "prompts.json").string() + "' --output '" + (scratch / "scores.json").string() + "'");
  INFO(done.errors);
  REQUIRE(done.code == 0);
  const auto scores = opad::read_json(scratch / "scores.json");
  for (const char* metric : {"dino", "clip-i", "clip-t"})
    REQUIRE(scores.at("metrics").at(metric).get<double>() == Approx(expected.at(metric).get<double>()).margin(1e-5));
  REQUIRE(scores.at("pictures").size() == 4);
  REQUIRE(scores.at("pictures")[2].at("file") == "2.png");
  REQUIRE_THAT(done.output, ContainsSubstring("4 pictures against 5 photographs"));

  refused("evaluate", base, {"--prompts", "--prompt"});
  refused("evaluate", base + "--prompt 'a cat' --attributes kind=cat", {"attribute-reader"});
  refused("evaluate", base + "--prompt 'a cat' --encoders '" + (scratch / "none").string() + "'", {"none", "no such folder"});
  opad::write_json(scratch / "prompts.json", {{"0", "a cat"}});
  refused("evaluate", base + "--prompts '" + (scratch / "prompts.json").string() + "'", {"no prompt for 1.png"});
}
