#include <opad/adapter/ip_adapter.hpp>
#include <opad/io/image.hpp>
#include <opad/io/json.hpp>

#include <regex>

#include "short_run.hpp"
#include "support/catch.hpp"

namespace {

const std::string encoders = OPAD_SOURCE_DIR "/tests/golden/evaluate/metrics";

/// A sweep of one concept and one seed that takes seconds.
std::string small(const fs::path& output, const std::string& more = "") {
  return "--models '" + tiny + "' --output '" + output.string() + "' --evaluation-encoders '" + encoders +
         "' --concepts plain-duck --seeds 3 --steps 1 --batch-size 1 --prompts 2 --pictures 1 --initializer-token "
         "photo " +
         more;
}

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

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
  const auto plan = start("ablate_losses", small(output, "--only full without-adversarial --dry-run"));
  const auto jobs = start("ablate_losses", small(output, "--only full without-adversarial --untrained --jobs"));
  REQUIRE(jobs.code == 0);
  REQUIRE(lines(jobs.output) == 2);
  write_text(scratch / "jobs", jobs.output);
  REQUIRE(std::system(("OMP_NUM_THREADS=1 bash -e '" + (scratch / "jobs").string() + "' 2>/dev/null").c_str()) == 0);
  REQUIRE_FALSE(fs::exists(output / "report.html"));
  const auto left = start("ablate_losses", small(output, "--only full without-adversarial --jobs"));
  REQUIRE(left.output.empty());

  std::uintmax_t left_bytes = 0;  // was said before, to a quarter
  for (const auto& row : {"full", "without-adversarial"})
    for (const auto& entry : fs::recursive_directory_iterator(output / row))
      if (entry.is_regular_file()) left_bytes += entry.file_size();
  std::smatch said;
  REQUIRE(std::regex_search(plan.output, said, std::regex("all runs +([0-9.]+), of which to come ([0-9.]+)\n")));
  INFO(plan.output << left_bytes);
  REQUIRE(said.str(1) == said.str(2));
  REQUIRE(std::stod(said.str(1)) * 1e6 == Approx(static_cast<double>(left_bytes)).epsilon(0.25));

  SECTION("then the sweep only makes the report") {
    const auto report = start("ablate_losses", small(output, "--only full without-adversarial"));
    REQUIRE(report.code == 0);
    REQUIRE_THAT(report.errors, ContainsSubstring("0 runs to do, 2 done already"));
    REQUIRE_THAT(report.output, ContainsSubstring("| without-adversarial |"));
    REQUIRE_THAT(read_text(output / "report.html"), ContainsSubstring("plain-duck"));
    REQUIRE_THAT(read_text(output / "table.csv"), ContainsSubstring("without-adversarial,dino,"));
    refused("ablate_losses", small(output, "--only full --set loss.latent-mse.weight=0.5"),
            {"results.json", "other options"});
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

TEST_CASE("A sweep's rows have options of their own in one file", "[programs][sweep]") {
  const ScratchFolder scratch;
  const auto output = scratch / "sweep";
  const auto file = scratch / "rows.json";
  const std::string rows = " --only full without-adversarial --report no --row-options '" + file.string() + "'";
  opad::write_json(file,
                   {{"*", {{"critic.dino.weight", 0.5}, {"loss", {{"latent-mse", {{"weight", 0.25}}}}}, {"adam", 1}}}});
  refused("ablate_losses", small(output, rows), {"rows.json", "adam", "no row"});
  opad::write_json(file, {{"without-adversarial", {{"critic.dino.weight", 0.5}}}});
  refused("ablate_losses", small(output, rows), {"critic.dino.weight", "without-adversarial"});
  refused("ablate_losses", small(output, "--row-options nowhere.json"), {"nowhere.json"});
  opad::write_json(file, {{"*", {{"critic.dino.weight", 0.5}, {"loss", {{"latent-mse", {{"weight", 0.25}}}}}}},
                          {"full", {{"loss.latent-mse.weight", 0.75}}}});
  REQUIRE(start("ablate_losses", small(output, rows)).code == 0);
  const auto option = [&](const std::string& row, const std::string& name) {
    return opad::read_json(output / row / "plain-duck" / "seed-3" / "config.json")
        .at("options")
        .value(opad::Json::json_pointer(name), -1.0);
  };
  REQUIRE(option("full", "/critic/dino/weight") == 0.5);
  REQUIRE(option("full", "/loss/latent-mse/weight") == 0.75);
  REQUIRE(option("without-adversarial", "/loss/latent-mse/weight") == 0.25);

  SECTION("where --set says otherwise, training and scored pictures follow it alike") {
    opad::write_json(file, {{"*", {{"resolution", 32}}}});
    const auto other = scratch / "other";
    REQUIRE(start("ablate_losses", small(other, rows + " --set resolution=128")).code == 0);
    const auto folder = other / "full" / "plain-duck" / "seed-3";
    REQUIRE(opad::read_json(folder / "config.json").at("options").at("resolution") == 128);
    REQUIRE(opad::read_image(folder / "evaluation" / "000-0.png").size(0) == 128);
  }
  SECTION("what they were belongs to the results") {
    opad::write_json(file, {{"full", {{"loss.latent-mse.weight", 0.5}}}});
    refused("ablate_losses", small(output, rows), {"results.json", "other options"});
  }
  SECTION("another program's report can show these rows") {
    const auto report = start("ablate_coupling", small(output, "--collect --all-rows"));
    INFO(report.errors);
    REQUIRE(report.code == 0);
    REQUIRE_THAT(report.output, ContainsSubstring("| full |") && ContainsSubstring("| without-adversarial |"));
    const auto chosen = start("ablate_coupling", small(output, "--collect --all-rows --only without-adversarial full"));
    REQUIRE(chosen.output.find("| without-adversarial |") < chosen.output.find("| full |"));
  }
}

TEST_CASE("A row can start with another row's teacher, or put that on the student", "[programs][sweep]") {
  const ScratchFolder scratch;
  const auto output = scratch / "sweep";
  refused("ablate_coupling", small(output, "--only frozen-teacher"),
          {"frozen-teacher", "teacher of the row full", "run that one first"});
  REQUIRE(start("ablate_coupling", small(output, "--only full frozen-teacher --report no")).code == 0);
  const auto config = opad::read_json(output / "frozen-teacher" / "plain-duck" / "seed-3" / "config.json");
  REQUIRE(config.at("options").at("teacher-adapters") ==
          (output / "full" / "plain-duck" / "seed-3" / "teacher").string());

  REQUIRE(
      start("baselines",
            small(output, "--only copied-from-teacher --report no --teacher-optimiser.learning-rate 0.01 --untrained"))
          .code == 0);
  REQUIRE(start("baselines", small(output, "--only untrained --report no --untrained")).code == 0);
  const auto picture = [&](const std::string& row) {
    return read_text(output / row / "plain-duck" / "seed-3" / "evaluation" / "000-0.png");
  };
  REQUIRE(picture("copied-from-teacher") !=
          picture("untrained"));  // what the teacher learned changes the student's picture
}

TEST_CASE("The row of the truth needs no model: the mini world draws what its prompts ask for", "[programs][sweep]") {
  const ScratchFolder scratch;
  const auto output = scratch / "sweep";
  const auto done = start("baselines", small(output, "--only truth --truth"));
  INFO(done.errors);
  REQUIRE(done.code == 0);
  REQUIRE_THAT(done.output, ContainsSubstring("| truth |"));
  const auto run = output / "truth" / "plain-duck" / "seed-3";
  REQUIRE(fs::exists(run / "evaluation" / "001-0.png"));
  REQUIRE_FALSE(fs::exists(run / "config.json"));
  const auto jobs = start("baselines", small(scratch / "other", "--only full truth --truth --jobs"));
  REQUIRE(lines(jobs.output) == 2);
  REQUIRE_THAT(jobs.output, ContainsSubstring("--only truth --concepts plain-duck --seeds 3 --truth"));

  const auto other = scratch / "dreambench";
  fs::create_directories(other / "toy");
  fs::copy_file(fs::path(photos) / "02_alpha.png", other / "toy" / "00.png");
  write_text(other / "prompts_and_classes.txt",
             "subject_name,class\ntoy,toy\nPrompts\nObject Prompts\n'a {0} {1} in the jungle'.format(unique_token, "
             "class_token)\n"
             "Live Subject Prompts\n'a {0} {1} in the jungle'.format(unique_token, class_token)\n");
  refused(
      "baselines",
      "--models '" + tiny + "' --output '" + (scratch / "x").string() + "' --protocol '" + other.string() + "' --truth",
      {"--truth", "dreambench"});
}

TEST_CASE("The IP-Adapter's row shows the student the photographs", "[programs][sweep]") {
  const ScratchFolder scratch;
  const auto output = scratch / "sweep";
  const auto encoder = fs::path(tiny) / "identity-encoder" / "image_encoder";
  const auto unet = opad::UNet2DConditionModel::from_pretrained(fs::path(tiny) / "teacher" / "unet");
  const auto vision = opad::CLIPVisionModelWithProjection::from_pretrained(encoder);
  const auto adapter = opad::IpAdapter::create(*unet, vision->config.projection_dim, 4, opad::Random(1));
  opad::save_safetensors(scratch / "ip.safetensors",
                         opad::Tensors(adapter.parameters().begin(), adapter.parameters().end()));
  const std::string row = "--only ip-adapter untrained --untrained --report no --ip-adapter '" +
                          (scratch / "ip.safetensors").string() + "'";
  const auto done = start("baselines", small(output, row));
  INFO(done.errors);
  REQUIRE(done.code == 0);
  const auto picture = [&](const std::string& name) {
    return read_text(output / name / "plain-duck" / "seed-3" / "evaluation" / "000-0.png");
  };
  REQUIRE(picture("ip-adapter") != picture("untrained"));
  REQUIRE(start("baselines", small(scratch / "off", row + " --ip-adapter-scale 0")).code == 0);
  REQUIRE(read_text(scratch / "off" / "ip-adapter" / "plain-duck" / "seed-3" / "evaluation" / "000-0.png") ==
          picture("untrained"));
  refused("baselines",
          small(scratch / "none", "--only ip-adapter --ip-adapter '" + (scratch / "none.safetensors").string() + "'"),
          {"none.safetensors"});
}

TEST_CASE("A sweep says what it has and what it would do", "[programs][sweep]") {
  const ScratchFolder scratch;
  const auto list = start("ablate_losses", small(scratch / "sweep", "--list"));
  REQUIRE(list.code == 0);
  REQUIRE_THAT(list.output, ContainsSubstring("without-adversarial") && ContainsSubstring("plain-duck"));
  const auto plan = start("ablate_losses", small(scratch / "sweep", "--dry-run"));
  REQUIRE(plan.code == 0);
  REQUIRE_THAT(plan.output, ContainsSubstring("student U-Net") && ContainsSubstring("memory, predicted") &&
                                ContainsSubstring("time:") && ContainsSubstring("disk, in MB"));
  REQUIRE_THAT(plan.output,
               ContainsSubstring("  dino ") && !ContainsSubstring("dinov2"));  // only what a row looks through
  REQUIRE_FALSE(fs::exists(scratch / "sweep" / "full"));
  refused("ablate_losses", small(scratch / "sweep", "--only ful"), {"ful", "did you mean full"});
  refused("ablate_losses", small(scratch / "sweep", "--protocol nowhere"), {"nowhere", "mini-world"});
  refused("ablate_losses", small(scratch / "sweep", "--seed 3"), {"--seed", "--seeds"});
  refused("ablate_losses", "--models '" + tiny + "' --concepts plain-duk --output '" + (scratch / "x").string() + "'",
          {"plain-duk", "plain-duck"});
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
  const std::string base =
      "--generated '" + encoders + "/generated' --real '" + photos + "' --encoders '" + encoders + "' ";
  const auto done = start("evaluate", base + "--prompts '" + (scratch / "prompts.json").string() + "' --output '" +
                                          (scratch / "scores.json").string() + "'");
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
  refused("evaluate", base + "--prompt 'a cat' --encoders '" + (scratch / "none").string() + "'",
          {"none", "no such folder"});
  opad::write_json(scratch / "prompts.json", {{"0", "a cat"}});
  refused("evaluate", base + "--prompts '" + (scratch / "prompts.json").string() + "'", {"no prompt for 1.png"});
}

TEST_CASE("Rows are scored as they were trained, and no two are the same", "[programs][faults][sweep]") {
  const ScratchFolder scratch;
  const auto file = scratch / "rows.json";
  const std::string small = "--models '" + tiny +
                            "' --evaluation-encoders '" OPAD_SOURCE_DIR
                            "/tests/golden/evaluate/metrics' --concepts plain-duck --seeds 3 --steps 1 --batch-size 1 "
                            "--prompts 1 --pictures 1 --initializer-token photo --report no --row-options " +
                            in_quotes(file) + " --output " + in_quotes(scratch / "sweep");
  opad::write_json(file, {{"two-steps", {{"resolution", 96}}}});
  const auto done = start("ablate_steps", small + " --only full two-steps");
  INFO(done.errors);
  REQUIRE(done.code == 0);
  const auto side = [&](const std::string& row) {
    return opad::read_image(scratch / "sweep" / row / "plain-duck" / "seed-3" / "evaluation" / "000-0.png").size(0);
  };
  REQUIRE(side("two-steps") == 96);
  REQUIRE(side("full") != 96);

  opad::write_json(file, {{"two-steps", {{"sampler.steps", 1}}}});
  const auto same = start("ablate_steps", small + " --list");
  REQUIRE(same.code == 2);
  REQUIRE_THAT(same.errors, ContainsSubstring("full and two-steps compute the same"));
}

TEST_CASE("Models that were named are named, whatever their folder", "[programs][faults]") {
  const ScratchFolder scratch;
  const auto mini = fs::path(OPAD_SOURCE_DIR) / "models" / "mini";
  const std::string own =
      " --explain --teacher " + in_quotes(mini / "teacher") + " --student " + in_quotes(mini / "student");
  REQUIRE(start("opad", "--models " + in_quotes(mini) + own).code == 0);
  const auto unnamed = start("opad", own);
  REQUIRE(unnamed.code == 2);
  REQUIRE_THAT(unnamed.errors, ContainsSubstring("every encoder"));
}
