#include "experiment/report_pages.hpp"

#include "support/catch.hpp"

using namespace report_pages;

TEST_CASE("A sweep's report is one page that needs nothing else", "[experiment][report]") {
  const ScratchFolder scratch;
  const SweepResults results = results_in(scratch.path());
  write_sweep_report(results, scratch.path());
  const std::string html = text_of(scratch / "report.html");
  const std::string text = without_pictures(html);
  REQUIRE(unbalanced(text) == "");
  REQUIRE(text.find("http") == std::string::npos);
  REQUIRE(count(text, "<script") == 1);
  REQUIRE(text.find(" src=\"") == text.find(" src=\"data:image/png;base64,"));
  REQUIRE(count(text, "<img") == count(text, "src=\"data:image/png;base64,"));
  REQUIRE(count(text, "<img") == count(text, " alt=\""));
  REQUIRE(text.find("ablate &lt;losses&gt;") != std::string::npos);
  REQUIRE(text.find("worse &amp; odd") != std::string::npos);
  REQUIRE(text.find("a &lt;dog&gt; &amp; more") != std::string::npos);
  REQUIRE(text.find("prefers-color-scheme:dark") != std::string::npos);
  SECTION("every concept with its photographs, every variant at each prompt") {
    REQUIRE(count(text, "<details") == 6 + 1);  // and the boxes
    REQUIRE(count(text, "<img") == 6 * 2 + 6 * prompts.size() * 3);
    REQUIRE(count(text, "class=\"open failed\"") == 6 * 3);  // of the second prompt's pictures
  }
  SECTION("a picture knows what it says when it is large") {
    REQUIRE(count(text, "data-facts=") == count(text, "<img"));
    REQUIRE(text.find("[&quot;noise&quot;,&quot;seed 1, prompt 2; the same in every row&quot;]") != std::string::npos);
    REQUIRE(text.find("[&quot;DINO&quot;,&quot;0.620&quot;]") != std::string::npos);
  }
  SECTION("rows and columns have boxes that hide them, in tables, plots, curves and pictures") {
    REQUIRE(count(text, "data-showsrow=") == 3);
    REQUIRE(count(text, "data-showscolumn=") == 3);
    // table, forests (it is no reference), pictures, legend, two charts, cost
    REQUIRE(count(text, "data-row=\"without-critics\"") == 1 + 3 + 6 * prompts.size() + 1 + 2 + 1);
    REQUIRE(count(text, "data-column=\"dino\"") == 1 + 3 + 1);
  }
  SECTION("tables say what they are where they are laid out as cards") {
    REQUIRE(count(text, "role=\"table\" aria-label=") == count(text, "<table"));
    REQUIRE(count(text, "role=\"cell\"") == count(text, "<td"));
    REQUIRE(count(text, "<svg role=\"img\" aria-label=\"") == 3 * 2);
  }
  SECTION("differences are marked by their interval") {
    REQUIRE(text.find("diff worse") != std::string::npos);  // DINO without critics
    REQUIRE(count(text, "<section class=\"forest\"") == 3);
    REQUIRE(count(text, "<svg class=\"chart\"") == 2);
    REQUIRE(text.find("0.125") != std::string::npos);
    REQUIRE(text.find("812 MiB") != std::string::npos);
    REQUIRE(text.find("1 + 1") != std::string::npos);
  }
}

TEST_CASE("A run's report is one page that needs nothing else", "[experiment][report]") {
  const ScratchFolder scratch;
  const std::string text = without_pictures(run_page(scratch.path()));
  REQUIRE(unbalanced(text) == "");
  REQUIRE(text.find("http") == std::string::npos);
  REQUIRE(count(text, "class=\"open pair\"") == 2 * 3);
  REQUIRE(count(text, "data-label=\"untrained\"") == 2 * 3);
  REQUIRE(count(text, "type=\"range\"") == 1);
  REQUIRE(count(text, "<img") == 2 * 2 * 3 + 1 + 4);
  REQUIRE(count(text, "<svg class=\"chart\"") == 2);
  REQUIRE(text.find("812 MiB") != std::string::npos);
  REQUIRE(text.find("&lt;new1&gt; &amp; dog") != std::string::npos);
  REQUIRE(text.find("--steps</th>") != std::string::npos);
  REQUIRE(text.find("--seed</th>") == std::string::npos);  // it is the default
  REQUIRE(text.find("bin/opad --config " + (scratch / "config.json").string() + " --output FOLDER") !=
          std::string::npos);
  REQUIRE(text.find("--validation-prompt 'a &lt;new1&gt; dog' 'a &lt;new1&gt; dog in the snow'") != std::string::npos);
}

TEST_CASE("Pages for a browser", "[.pages]") {  // tests/pages/browser.py looks at them
  const std::filesystem::path folder = std::getenv("OPAD_PAGES");
  write_sweep_report(results_in(folder / "sweep", 27), folder / "sweep");
  put_text(folder / "run" / "report.html", run_page(folder / "run"));
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
