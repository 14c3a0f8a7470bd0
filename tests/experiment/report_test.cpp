#include <opad/data/sprites/held_out.hpp>
#include <opad/experiment/sweep/report.hpp>

#include <regex>

#include "experiment/scratch_folder.hpp"
#include "support/catch.hpp"

using namespace opad;

namespace {

const std::vector<std::string> prompts{"a {} in the snow", "a <{}> & more", "a {} on the beach"};

/// A run's folder as a sweep leaves it: pictures of the concept, curves, results.
void write_run(const std::filesystem::path& root, const std::string& variant, const sprites::HeldOut& thing,
               std::uint64_t seed, double shift, double own) {
  const auto folder = root / variant / std::string(thing.name) / c10::str("seed-", seed);
  Stream random(hash(variant), hash(thing.name) + seed);
  const auto picture = [&] { return encode_png(random.integers(0, 256, {16, 16, 3}).to(torch::kUInt8)); };
  std::vector<double> dino, failures, clip_t;
  for (std::size_t i = 0; i < prompts.size() * 2; ++i) {
    put_text(folder / "evaluation" / picture_name(i, 2), picture());
    dino.push_back(0.6 + shift), clip_t.push_back(0.3), failures.push_back(i == 2 ? 1 : 0);
  }
  for (const char* name : {"1.png", "2.png"})
    put_text(root / "photographs" / std::string(thing.name) / name, picture());
  std::string metrics = "step,student,teacher\n";
  for (int step = 1; step <= 60; ++step)
    metrics += c10::str(step, ",", std::exp(-step / 20.0) + shift, ",", random.uniform(), "\n");
  put_text(folder / "metrics.csv", metrics);
  const Json json{
      {"variant", variant},
      {"concept", thing.name},
      {"seed", seed},
      {"metrics",
       {{"dino", 0.6 + shift + own}, {"clip-t", 0.31 - shift / 5 + own}, {"failures", 0.1 - shift / 2 + own / 10}}},
      {"prompts", prompts},
      {"count", 2},
      {"class", "dog"},
      {"photographs", (root / "photographs" / std::string(thing.name)).string()},
      {"pictures", {{"dino", dino}, {"clip-t", clip_t}, {"failures", failures}}},
      {"summary",
       {{"seconds per iteration", 0.125},
        {"peak memory in MiB", 812},
        {"passes per iteration", {{"student-unet", {{"forward", 1}, {"backward", 1}}}}}}},
      {"command", "ablate --only '" + variant + "'"},
      {"plan", Json::object()}};
  put_text(folder / "results.json", json.dump());
}

SweepResults results_in(const std::filesystem::path& root) {
  SweepResults results{.title = "ablate <losses>",
                       .protocol = "mini-world",
                       .variants = {"full", "without-critics", "worse & odd"},
                       .published = {0, -1, -1},
                       .subjects = {},
                       .seeds = {1, 2},
                       .runs = {},
                       .commands = {"bin/ablate --steps 60"}};
  for (std::size_t i = 6; i < 12; ++i) results.subjects.emplace_back(sprites::held_out[i].name);
  const std::map<std::string, double> shifts{{"full", 0.1}, {"without-critics", 0.02}, {"worse & odd", 0.1}};
  for (const std::string& variant : results.variants)
    for (std::size_t i = 6; i < 12; ++i)
      for (const std::uint64_t seed : results.seeds) {
        write_run(root, variant, sprites::held_out[i], seed, shifts.at(variant),
                  variant == "full"          ? 0
                  : variant == "worse & odd" ? (i % 2 == 0 ? 0.02 : -0.02)
                                             : 0.002 * static_cast<double>(i));
        results.runs.push_back(
            RunResult::read(root / variant / std::string(sprites::held_out[i].name) / c10::str("seed-", seed)));
      }
  return results;
}

/// The first tag that is opened and not closed, or closed and not opened.
std::string unbalanced(const std::string& html) {
  static const std::set<std::string> empty{"meta", "img", "line", "circle", "br"};
  std::vector<std::string> open;
  const std::regex tag(R"(<(/?)([a-z][a-z0-9]*)[^>]*>)");
  for (std::sregex_iterator it(html.begin(), html.end(), tag), end; it != end; ++it) {
    const std::string name = (*it)[2];
    if (empty.contains(name)) continue;
    if ((*it)[1].length() == 0) {
      open.push_back(name);
    } else {
      if (open.empty() || open.back() != name) return "/" + name;
      open.pop_back();
    }
  }
  return open.empty() ? "" : open.back();
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

}  // namespace

TEST_CASE("A sweep's report is one page that needs nothing else", "[experiment][report]") {
  const ScratchFolder scratch;
  const SweepResults results = results_in(scratch.path());
  write_sweep_report(results, scratch.path());
  const std::string html = text_of(scratch / "report.html");
  // without the pictures, which may hold anything
  const std::string text = std::regex_replace(html, std::regex(R"(base64,[A-Za-z0-9+/=]*)"), "base64,");
  REQUIRE(unbalanced(text) == "");
  REQUIRE(text.find("http") == std::string::npos);
  REQUIRE(text.find("<script") == std::string::npos);
  REQUIRE(count(text, "<img") == count(text, "src=\"data:image/png;base64,"));
  REQUIRE(text.find("ablate &lt;losses&gt;") != std::string::npos);
  REQUIRE(text.find("worse &amp; odd") != std::string::npos);
  REQUIRE(text.find("a &lt;dog&gt; &amp; more") != std::string::npos);
  REQUIRE(text.find("prefers-color-scheme:dark") != std::string::npos);
  SECTION("every concept with its photographs, every variant at each prompt") {
    REQUIRE(count(text, "<details") == 6);
    REQUIRE(count(text, "<img") == 6 * 2 + 6 * prompts.size() * 3);
    REQUIRE(count(text, "class=\"exact failed\"") == 6 * 3);  // of the second prompt's pictures
  }
  SECTION("differences are marked by their interval") {
    REQUIRE(text.find("diff worse") != std::string::npos);  // DINO without critics
    REQUIRE(count(text, "class=\"forest\"") == 3);
    REQUIRE(count(text, "class=\"chart\"") == 2);
    REQUIRE(text.find("0.125") != std::string::npos);
    REQUIRE(text.find("812 MiB") != std::string::npos);
    REQUIRE(text.find("1 + 1") != std::string::npos);
  }
}

TEST_CASE("A sweep's tables hold means, differences and intervals", "[experiment][report]") {
  const ScratchFolder scratch;
  SweepResults results = results_in(scratch.path());
  const SweepTable table = make_table(results);
  REQUIRE(table.columns.size() == 3);
  const Cell* const cell = table.cell("without-critics", "dino");
  REQUIRE(cell);
  REQUIRE(cell->against_reference->difference == Approx(-0.08).margin(0.05));
  REQUIRE(cell->against_reference->pairs == 12);
  REQUIRE(cell->against_reference->interval.low < cell->against_reference->difference);
  REQUIRE_FALSE(table.cell("full", "dino")->against_reference);
  REQUIRE(table.cell("full", "clip-i") == nullptr);
  REQUIRE(table_csv(table) == table_csv(make_table(results)));
  REQUIRE(count(table_csv(table), "\n") == 1 + 3 * 3);
  REQUIRE(table_csv(table).find("without-critics,dino,") != std::string::npos);
  const std::string markdown = table_markdown(table);
  REQUIRE(count(markdown, "\n") == 5);
  REQUIRE(markdown.find("| full | ") != std::string::npos);

  SECTION("published directions are judged by the interval of DINO") {
    REQUIRE(table.verdicts == std::vector<std::string>{"", "drop: reproduced", "drop: undecided"});
    REQUIRE(markdown.find("| drop: reproduced |") != std::string::npos);
    results.published = {0, +1, 0};
    REQUIRE(make_table(results).verdicts == std::vector<std::string>{"", "gain: not reproduced", ""});
    results.published = {};
    REQUIRE(table_markdown(make_table(results)).find("published") == std::string::npos);
  }
  SECTION("teachers that were scored have a table of their own, with their rows alone") {
    for (RunResult& run : results.runs)
      if (run.variant != "worse & odd") run.json["teacher"] = {{"dino", 0.5}};
    const std::string both = table_markdown(make_table(results));
    REQUIRE(both.starts_with(markdown + "\n| variant | teacher DINO |\n"));
    REQUIRE(count(both.substr(markdown.size()), "\n") == 5);
    REQUIRE(count(both, "| worse & odd |") == 1);
  }
  SECTION("what only some have finished is compared where both have") {
    std::erase_if(results.runs, [](const RunResult& run) { return run.variant == "full" && run.seed == 2; });
    REQUIRE(make_table(results).cell("without-critics", "dino")->against_reference->pairs == 6);
    std::erase_if(results.runs, [](const RunResult& run) { return run.variant == "full"; });
    REQUIRE_FALSE(make_table(results).cell("without-critics", "dino")->against_reference);
  }
  SECTION("the teacher's scores are columns of their own") {
    results.runs.front().json["teacher"] = {{"dino", 0.9}};
    REQUIRE(make_table(results).columns.back().key == "teacher.dino");
    REQUIRE(make_table(results).cell("full", "teacher.dino")->summary.mean == Approx(0.9));
  }
}

TEST_CASE("Numbers of tables", "[experiment][report]") {
  REQUIRE(decimal(0.12345) == "0.123");
  REQUIRE(decimal(0.12345, 2, true) == "+0.12");
  REQUIRE(decimal(-0.0001) == "0.000");
  REQUIRE(decimal(-0.0001, 3, true) == "+0.000");
  REQUIRE(decimal(-0.02, 3, true) == "-0.020");
  REQUIRE(decimal(NAN).empty());
  REQUIRE(page::base64("") == "");
  REQUIRE(page::base64("f") == "Zg==");
  REQUIRE(page::base64("fo") == "Zm8=");
  REQUIRE(page::base64("foo") == "Zm9v");
  REQUIRE(page::base64("foobar") == "Zm9vYmFy");
  REQUIRE(page::escape("<a href=\"x\">&") == "&lt;a href=&quot;x&quot;&gt;&amp;");
}

TEST_CASE("Large pictures are shrunk, small ones shown as they are", "[experiment][report]") {
  const Tensor small = torch::zeros({64, 64, 3}, torch::kUInt8), large = torch::full({500, 640, 3}, 90, torch::kUInt8);
  REQUIRE(page::image(small, "x").find("image/png") != std::string::npos);
  const std::string html = page::image(large, "x");
  REQUIRE(html.find("image/webp") != std::string::npos);
  REQUIRE(html.find("exact") == std::string::npos);
}

TEST_CASE("Results that are none are refused", "[experiment][report]") {
  const ScratchFolder scratch;
  put_text(scratch / "results.json", "{\"variant\": \"full\"}");
  REQUIRE_THROWS_WITH(RunResult::read(scratch.path()), ContainsSubstring("not the results"));
}
