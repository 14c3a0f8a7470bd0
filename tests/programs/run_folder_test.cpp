// The folder of a run: whose it is, and what is removed from it.
#include <opad/io/json.hpp>

#include "short_run.hpp"
#include "support/catch.hpp"

TEST_CASE("A run's folder may be named in any way", "[programs][faults]") {
  const ScratchFolder scratch;
  const auto run = scratch / "run";
  REQUIRE(train(run).code == 0);
  const auto slashes = start("opad", "--resume '" + run.string() + "/' --output " + in_quotes(run));
  INFO(slashes.errors);
  REQUIRE(slashes.code == 0);
  REQUIRE_THAT(slashes.errors, ContainsSubstring("finished"));
  const auto here = start("opad", "--resume .", "cd " + in_quotes(run) + " &&");
  INFO(here.errors);
  REQUIRE(here.code == 0);
}

TEST_CASE("To overwrite is to remove what the run wrote, all of it and nothing else", "[programs][faults]") {
  const ScratchFolder scratch;
  const auto run = scratch / "run";
  REQUIRE(train(run).code == 0);
  write_text(run / "notes.txt", "mine");
  opad::write_json(run / "results.json", {{"old", 1}});
  std::ofstream(run / "files.txt", std::ios::app) << "results.json\n";  // as a sweep leaves it
  SECTION("at the first attempt") {
    REQUIRE(train(run, "--overwrite").code == 0);
    REQUIRE_FALSE(fs::exists(run / "results.json"));
  }
  SECTION("after a kill in the middle of it") {
    fs::create_directories(run / ".checkpoints" / "x");
    REQUIRE(train(run, "--overwrite").code == 0);
  }
  SECTION("a run that left nothing yet is begun anew by any command") {
    fs::remove_all(run / "checkpoints");
    fs::remove_all(run / "teacher");
    for (const char* file : {weights, "<new1>.safetensors", "adapters.json"}) fs::remove(run / file);
    REQUIRE(train(run).code == 0);
  }
  REQUIRE(read_text(run / "notes.txt") == "mine");
  REQUIRE(fs::exists(run / weights));
}

TEST_CASE("A run's folder is none that the run reads", "[programs][faults]") {
  const ScratchFolder scratch;
  const auto models = scratch / "models";
  fs::copy(tiny, models, fs::copy_options::recursive);
  fs::copy(photos, scratch / "photos", fs::copy_options::recursive);
  for (const fs::path& output : {scratch / "photos", models / "student", models / "teacher" / "run", scratch.path}) {
    INFO(output);
    const auto done = train(output, "--overwrite --instance-data " + in_quotes(scratch / "photos"), models.string());
    INFO(done.errors);
    REQUIRE(done.code == 2);
    REQUIRE_THAT(done.errors, ContainsSubstring("--output"));
    REQUIRE_FALSE(fs::exists(output / "config.json"));
  }
}

TEST_CASE("A folder that is taken is refused before anything is read", "[programs][faults]") {
  const ScratchFolder scratch;
  const auto run = scratch / "run", models = scratch / "models";
  REQUIRE(train(run, "--steps 1").code == 0);
  fs::create_directories(models / "teacher"), fs::create_directories(models / "student");  // nothing in them
  const auto done = train(run, "--instance-data " + in_quotes(scratch / "none"), models.string());
  INFO(done.errors);
  REQUIRE(done.code == 2);
  REQUIRE_THAT(done.errors, ContainsSubstring("holds a run already"));
}

TEST_CASE("A run that is being overwritten can be begun anew wherever that stops", "[programs][faults]") {
  const ScratchFolder scratch;
  const auto run = scratch / "run";
  REQUIRE(train(run, "--steps 1").code == 0);
  fs::create_directories(run / ".checkpoints" / "x");
  write_text(run / "notes.txt", "mine");
  const auto done = train(run, "--steps 1");
  INFO(done.errors);
  REQUIRE(done.code == 0);
  REQUIRE(fs::exists(run / weights));
  REQUIRE_FALSE(fs::exists(run / ".checkpoints"));
  REQUIRE(read_text(run / "notes.txt") == "mine");
}

TEST_CASE("Descriptors that are closed at the start never become files of the run", "[programs][faults]") {
  const ScratchFolder scratch;
  for (const std::string closed : {"<&-", "<&- >&- 2>&-"}) {
    const auto run = scratch / std::to_string(closed.size());
    REQUIRE(std::system((" OMP_NUM_THREADS=1 '" OPAD_BINARY_DIR "/bin/opad' --models '" + tiny + "' --instance-data '" +
                         photos +
                         "' --instance-prompt '<new1> cat' --initializer-token photo --steps 2 --batch-size 1 "
                         "--preview-count 1 --teacher-preview-steps 0 --validation-prompt x --output " +
                         in_quotes(run) + " " + closed)
                            .c_str()) == 0);
    REQUIRE(fs::file_size(run / ".lock") == 0);
    const auto rows = read_text(run / "metrics.csv");
    REQUIRE(std::ranges::count(rows, '\n') == 3);
    REQUIRE(shown_steps(run) == std::vector<std::int64_t>{1, 2});
  }
}
