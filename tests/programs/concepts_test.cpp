#include <opad/io/image.hpp>

#include "program.hpp"
#include "support/catch.hpp"

/// Captions, masks, lists of concepts, scores on the way and the run's page, as a user gives and gets them.
namespace {

std::string arguments(const fs::path& output, const std::string& more = "") {
  return "--models '" + tiny + "' --initializer-token photo --output '" + output.string() +
         "' --steps 3 --batch-size 1 --preview-every 0 --preview-count 1 --teacher-preview-steps 0 --validation-prompt "
         "'a <new1> cat' --checkpoint-every 2 " +
         more;
}
std::string concept_of(const fs::path& data) {
  return " --instance-data '" + data.string() + "' --instance-prompt '<new1> cat' ";
}

}  // namespace

TEST_CASE("A run with captions and a list of concepts says so, and knows them on resume", "[programs][concepts]") {
  const ScratchFolder scratch;
  const auto data = scratch / "cat", run = scratch / "run";
  fs::create_directories(data);
  for (const char* name : {"03.webp", "05.JPG"}) fs::copy(fs::path(photos) / name, data / name);
  write_text(data / "03.txt", "a {} on a sofa");
  write_text(scratch / "concepts.json",
             "[{\"instance_data_dir\": \"" + data.string() + "\", \"instance_prompt\": \"<new1> cat\"}]");
  const auto done = start("stopping_opad", arguments(run, "--concepts '" + (scratch / "concepts.json").string() + "'"),
                          "STOP='15 2 student'");
  INFO(done.errors);
  REQUIRE(done.code == 143);
  REQUIRE_THAT(done.errors, ContainsSubstring("1 of 2 captioned"));
  SECTION("another caption is refused by name") {
    write_text(data / "03.txt", "a {} on a chair");
    const auto refused = start("stopping_opad", "--resume '" + run.string() + "'");
    INFO(refused.errors);
    REQUIRE(refused.code == 2);
    REQUIRE(refused.error_lines() == 1);
    REQUIRE_THAT(refused.errors, ContainsSubstring("03.webp has another caption"));
  }
  SECTION("the same ones go on, and the run's page is the run's") {
    const auto resumed = start("stopping_opad", "--resume '" + run.string() + "'");
    INFO(resumed.errors);
    REQUIRE(resumed.code == 0);
    const std::string page = read_text(run / "report.html");
    REQUIRE_THAT(page, ContainsSubstring("a &lt;new1&gt; cat on a sofa") && ContainsSubstring("class=\"open pair\""));
    REQUIRE_THAT(read_text(run / "files.txt"), ContainsSubstring("report.html\n"));
  }
  SECTION("captions that are none are refused by name") {
    for (const auto& [text, word] : {std::pair{"", "03.txt: the caption is empty"},
                                     {"K\xF6ln", "03.txt: the caption is not UTF-8"},
                                     {"a cat", "does not name the concept"}}) {
      write_text(data / "03.txt", text);
      const auto refused = start("opad", arguments(scratch / "other", concept_of(data)));
      INFO(refused.errors);
      REQUIRE(refused.code == 2);
      REQUIRE(refused.error_lines() == 1);
      REQUIRE_THAT(refused.errors, ContainsSubstring(word));
      REQUIRE_FALSE(fs::exists(scratch / "other"));
    }
  }
}

TEST_CASE("Scores on the way and a page that cannot be written change nothing of a training", "[programs][concepts]") {
  const ScratchFolder scratch;
  const auto plain = scratch / "plain", scored = scratch / "scored";
  REQUIRE(start("opad", arguments(plain, concept_of(photos))).code == 0);
  fs::create_directories(scored / "report.html");  // where the page belongs
  const auto done = start(
      "opad", arguments(scored, concept_of(photos) + "--validation-every 2 --evaluation-encoders '" OPAD_SOURCE_DIR
                                                     "/models/mini/evaluation'"));
  INFO(done.errors);
  REQUIRE(done.code == 0);
  REQUIRE_THAT(done.errors, ContainsSubstring("no report: "));
  for (const char* file : {"pytorch_custom_diffusion_weights.safetensors",
                           "teacher/pytorch_custom_diffusion_weights.safetensors", "previews/before-after.png"})
    REQUIRE(read_text(scored / file) == read_text(plain / file));
  const std::string metrics = read_text(scored / "metrics.csv");
  std::istringstream lines(metrics), before(read_text(plain / "metrics.csv"));
  std::vector<std::string> rows, was;
  for (std::string line; std::getline(lines, line);) rows.push_back(line);
  for (std::string line; std::getline(before, line);) was.push_back(line);
  REQUIRE(rows.size() == 4);
  REQUIRE(rows[0] == was[0] + ",validation.dino,validation.clip-i,validation.clip-t");
  REQUIRE(rows[1] == was[1] + ",,,");
  for (const std::size_t measured : {2, 3}) {
    REQUIRE(rows[measured].starts_with(was[measured] + ","));
    REQUIRE_FALSE(rows[measured].ends_with(","));
  }
  fs::remove(scored / "adapters.json"), fs::remove(scored / "summary.json");
  const auto refused = start("opad", "--resume '" + scored.string() + "' --validation-every 0");
  INFO(refused.errors);
  REQUIRE(refused.code == 2);
  REQUIRE_THAT(refused.errors, ContainsSubstring("--validation-every was 2 and is 0"));
}

TEST_CASE("A mask weighs the teacher's loss, and a white one does nothing", "[programs][concepts]") {
  const ScratchFolder scratch;
  const auto data = scratch / "cat", masks = scratch / "masks";
  fs::create_directories(data), fs::create_directories(masks);
  fs::copy(fs::path(photos) / "03.webp", data / "03.webp");
  const opad::Tensor photograph = opad::read_image(data / "03.webp");
  opad::Tensor mask = torch::full_like(photograph, 255);
  const auto metrics = [&](const std::string& name, const std::string& more, const std::string& words) {
    const auto done = start("opad", arguments(scratch / name, concept_of(data) + more));
    INFO(done.errors);
    REQUIRE(done.code == 0);
    REQUIRE_THAT(done.errors, ContainsSubstring(words));
    return read_text(scratch / name / "metrics.csv");
  };
  const std::string plain = metrics("plain", "", "1 pictures of");
  opad::write_png(data / "03.mask.png", mask);
  REQUIRE(metrics("white", "", "1 of 1 masked") == plain);
  mask.slice(0, 0, mask.size(0) / 2).zero_();
  opad::write_png(masks / "03.png", mask);
  REQUIRE(metrics("half", "--masks '" + masks.string() + "'", "1 of 1 masked") != plain);
}
