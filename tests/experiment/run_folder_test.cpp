#include <opad/experiment/run/run_folder.hpp>

#include <sys/wait.h>

#include "experiment/scratch_folder.hpp"
#include "support/catch.hpp"

using opad::Existing;
using opad::RunFolder;

namespace {

opad::RunDescription description(int seed = 1, const std::string& device = "cpu") {
  return {"paper",
          {{"seed", seed}, {"device", device}, {"loss", {{"identity", {{"weight", 0.5}}}}}},
          {{"seed", seed}, {"loss", {{"identity", {{"weight", 0.5}}}}}}};
}

void save(RunFolder& run, std::int64_t step) {
  run.save_checkpoint(step, [&](const auto& folder) {
    put_text(folder / "state.txt", std::to_string(step));
    put_text(folder / "student" / "weights.bin", "w");
  });
}

}  // namespace

TEST_CASE("A run folder tells what the run is", "[experiment][run-folder]") {
  ScratchFolder scratch;
  RunFolder run(scratch / "a/b", description(), Existing::Refuse);
  const auto config = opad::read_json(run.config_file());
  REQUIRE(config["recipe"] == "paper");
  REQUIRE(config["options"]["loss"]["identity"]["weight"] == 0.5);
  REQUIRE(config["versions"]["opad"] == opad::version);
  REQUIRE(config["fingerprint"] == opad::fingerprint("paper", description().decisive));
  REQUIRE_FALSE(run.latest_checkpoint());
}

TEST_CASE("The fingerprint depends on recipe and decisive options, not on their order", "[experiment][run-folder]") {
  const auto print = opad::fingerprint("paper", {{"a", 1}, {"b", 2}});
  REQUIRE(print.size() == 16);
  REQUIRE(print == opad::fingerprint("paper", {{"b", 2}, {"a", 1}}));
  REQUIRE(print != opad::fingerprint("release", {{"a", 1}, {"b", 2}}));
  REQUIRE(print != opad::fingerprint("paper", {{"a", 1}, {"b", 3}}));
}

TEST_CASE("A checkpoint is complete under its name, and the last two stay", "[experiment][run-folder]") {
  ScratchFolder scratch;
  RunFolder run(scratch / "run", description(), Existing::Refuse, 2);
  for (const std::int64_t step : {5, 9, 10, 100}) save(run, step);
  const auto found = opad::checkpoints(run.path());
  REQUIRE(found.size() == 2);
  REQUIRE(found[0].step == 10);
  REQUIRE(run.latest_checkpoint()->step == 100);
  REQUIRE(text_of(run.latest_checkpoint()->folder / "state.txt") == "100");
  REQUIRE(text_of(run.latest_checkpoint()->folder / "student" / "weights.bin") == "w");
}

TEST_CASE("A checkpoint that could not be written leaves no trace and the old one in place",
          "[experiment][run-folder]") {
  ScratchFolder scratch;
  RunFolder run(scratch / "run", description(), Existing::Refuse, 1);
  save(run, 1);
  const auto broken = [](const auto& folder) {
    put_text(folder / "state.txt", "half");
    opad::fail("the disk is full");
  };
  REQUIRE(message_of([&] { run.save_checkpoint(2, broken); }) == "the disk is full");
  REQUIRE(run.latest_checkpoint()->step == 1);
  REQUIRE(std::distance(std::filesystem::directory_iterator(run.path() / "checkpoints"), {}) == 1);
}

TEST_CASE("What a crash left half-written is never seen as a checkpoint and is cleared away",
          "[experiment][run-folder]") {
  ScratchFolder scratch;
  const auto folder = scratch / "run";
  {
    RunFolder run(folder, description(), Existing::Refuse);
    save(run, 7);
    run.own("previews"), run.own("metrics.csv");
  }
  put_text(folder / "checkpoints" / ".step-8" / "state.txt", "half");
  put_text(folder / "previews" / ".a.png.12-0.tmp", "half");
  put_text(folder / ".metrics.csv.12-0.tmp", "half");
  put_text(folder / ".notes.txt.12-0.tmp", "not the run's");
  put_text(folder / "checkpoints" / "step-9", "a file");
  put_text(folder / "checkpoints" / "step-x" / "state.txt", "odd");
  put_text(folder / "checkpoints" / "step-" / "state.txt", "odd");
  REQUIRE(opad::latest_checkpoint(folder)->step == 7);
  RunFolder run(folder, description(), Existing::Resume);
  REQUIRE(run.latest_checkpoint()->step == 7);
  REQUIRE_FALSE(std::filesystem::exists(folder / "checkpoints" / ".step-8"));
  REQUIRE(std::filesystem::is_empty(folder / "previews"));
  REQUIRE_FALSE(std::filesystem::exists(folder / ".metrics.csv.12-0.tmp"));
  REQUIRE(std::filesystem::exists(folder / ".notes.txt.12-0.tmp"));
  save(run, 8);
  REQUIRE(run.latest_checkpoint()->step == 8);
}

TEST_CASE("A process killed while it saves leaves the checkpoint of before", "[experiment][run-folder]") {
  ScratchFolder scratch;
  const auto folder = scratch / "run";
  const auto child = fork();
  if (child == 0) {
    RunFolder run(folder, description(), Existing::Refuse);
    save(run, 1);
    run.save_checkpoint(2, [](const auto& draft) {
      put_text(draft / "state.txt", "half");
      kill(getpid(), SIGKILL);
    });
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(opad::latest_checkpoint(folder)->step == 1);
  RunFolder run(folder, description(), Existing::Resume);  // the lock died with the process
  REQUIRE(run.latest_checkpoint()->step == 1);
}

TEST_CASE("A run that is there is refused, resumed or replaced", "[experiment][run-folder]") {
  ScratchFolder scratch;
  const auto folder = scratch / "run";
  {
    RunFolder run(folder, description(), Existing::Resume);  // nothing there: begins
    save(run, 3);
    put_text(run.own("metrics.csv"), "step\n1\n");
    put_text(run.own("teacher") / "x.bin", "x");
    put_text(folder / "notes.txt", "mine");
  }
  REQUIRE_THAT(message_of([&] { RunFolder(folder, description(), Existing::Refuse); }),
               ContainsSubstring("give --resume to go on with it, --overwrite"));
  { REQUIRE(RunFolder(folder, description(1, "cuda"), Existing::Resume).latest_checkpoint()->step == 3); }
  RunFolder run(folder, description(2), Existing::Overwrite);
  REQUIRE_FALSE(run.latest_checkpoint());
  REQUIRE_FALSE(std::filesystem::exists(run.metrics_file()));
  REQUIRE_FALSE(std::filesystem::exists(folder / "teacher"));
  REQUIRE(text_of(folder / "notes.txt") == "mine");
  save(run, 1);
  REQUIRE(run.latest_checkpoint()->step == 1);
}

TEST_CASE("A run is not resumed with other options or another recipe", "[experiment][run-folder]") {
  ScratchFolder scratch;
  const auto folder = scratch / "run";
  {
    RunFolder run(folder, description(1), Existing::Refuse);
    save(run, 1);  // a run that left nothing yet is begun anew
  }
  auto changed = description(2);
  REQUIRE_THAT(message_of([&] { RunFolder(folder, changed, Existing::Resume); }),
               ContainsSubstring("cannot resume with other options: seed was 1 and is 2; give"));
  changed = description(1);
  changed.resolved["new"] = changed.decisive["new"] = true;
  REQUIRE_THAT(message_of([&] { RunFolder(folder, changed, Existing::Resume); }), ContainsSubstring(": new is new;"));
  changed = description(1);
  changed.resolved.erase("loss");
  changed.decisive.erase("loss");
  REQUIRE_THAT(message_of([&] { RunFolder(folder, changed, Existing::Resume); }),
               ContainsSubstring("loss.identity.weight was 0.5 and is gone"));
  changed = description(1);
  changed.recipe = "release";
  REQUIRE_THAT(message_of([&] { RunFolder(folder, changed, Existing::Resume); }),
               ContainsSubstring("is a run of the recipe paper, not of release"));
}

TEST_CASE("Two processes cannot work in one folder", "[experiment][run-folder]") {
  ScratchFolder scratch;
  const auto folder = scratch / "run";
  {
    RunFolder run(folder, description(), Existing::Refuse);
    REQUIRE_THAT(message_of([&] { RunFolder(folder, description(), Existing::Resume); }),
                 ContainsSubstring("another process is working"));
    REQUIRE_THAT(message_of([&] { RunFolder(folder, description(), Existing::Overwrite); }),
                 ContainsSubstring("another process is working"));
  }
  RunFolder run(folder, description(), Existing::Resume);
}

TEST_CASE("What is not a run folder is never written over", "[experiment][run-folder]") {
  ScratchFolder scratch;
  const auto model = scratch / "model", file = scratch / "file", lost = scratch / "lost";
  put_text(model / "config.json", R"({"sample_size": 64})");
  for (const auto existing : {Existing::Refuse, Existing::Resume, Existing::Overwrite})
    REQUIRE_THAT(message_of([&] { RunFolder(model, description(), existing); }),
                 ContainsSubstring("holds a config.json that is not a run's"));
  REQUIRE(text_of(model / "config.json") == R"({"sample_size": 64})");
  REQUIRE_FALSE(std::filesystem::exists(model / "checkpoints"));
  put_text(file, "text");
  REQUIRE_THAT(message_of([&] { RunFolder(file, description(), Existing::Refuse); }), ContainsSubstring(file.string()));
  std::filesystem::create_directories(lost / "checkpoints" / "step-3");
  REQUIRE_THAT(message_of([&] { RunFolder(lost, description(), Existing::Resume); }),
               ContainsSubstring("checkpoints but no config.json"));
  REQUIRE_THAT(message_of([&] { RunFolder("", description(), Existing::Refuse); }), ContainsSubstring("--output"));
}

TEST_CASE("A removal that was interrupted leaves a run that any command begins anew", "[experiment][run-folder]") {
  for (const auto existing : {Existing::Refuse, Existing::Resume, Existing::Overwrite})
    for (int done = 0; done <= 5; ++done) {
      ScratchFolder scratch;
      const auto folder = scratch / "run";
      {
        RunFolder run(folder, description(), Existing::Refuse);
        save(run, 3);
        put_text(run.own("adapters.json"), "{}");
        put_text(folder / "notes.txt", "mine");
      }
      // the steps of the removal, in their order
      if (done >= 1) std::filesystem::rename(folder / "checkpoints", folder / ".checkpoints");
      if (done >= 2) std::filesystem::remove(folder / "adapters.json");
      if (done >= 3) std::filesystem::remove(folder / "config.json");
      if (done >= 4) std::filesystem::remove_all(folder / ".checkpoints");
      if (done >= 5) std::filesystem::remove(folder / "files.txt");
      INFO("after " << done << " steps");
      if (done == 0 && existing != Existing::Overwrite) continue;  // a whole run is not removed
      RunFolder run(folder, description(2), existing);
      REQUIRE_FALSE(run.latest_checkpoint());
      REQUIRE_FALSE(std::filesystem::exists(folder / ".checkpoints"));
      REQUIRE_FALSE(std::filesystem::exists(folder / "adapters.json"));
      REQUIRE(text_of(folder / "notes.txt") == "mine");
    }
}

TEST_CASE("A folder is checked without a trace", "[experiment][run-folder]") {
  ScratchFolder scratch;
  RunFolder::check(scratch / "new/run", description(), Existing::Refuse);
  REQUIRE_FALSE(std::filesystem::exists(scratch / "new"));
  {
    RunFolder run(scratch / "run", description(), Existing::Refuse);
    save(run, 1);
  }
  REQUIRE_THAT(message_of([&] { RunFolder::check(scratch / "run", description(), Existing::Refuse); }),
               ContainsSubstring("holds a run already"));
  REQUIRE_THAT(message_of([&] { RunFolder::check(scratch / "run", description(2), Existing::Resume); }),
               ContainsSubstring("seed was 1 and is 2"));
  put_text(scratch / "file", "x");
  REQUIRE_THAT(message_of([&] { RunFolder::check(scratch / "file/run", description(), Existing::Refuse); }),
               ContainsSubstring("file: not a folder"));
}

TEST_CASE("A run goes on with the contents that it began with", "[experiment][run-folder]") {
  ScratchFolder scratch;
  const auto with = [](const opad::Json& contents) {
    auto run = description();
    run.contents = contents;
    return run;
  };
  const opad::Json pictures{{"files", {"a.png", "b.png"}}, {"xxh3-64", {"1", "2"}}},
      renamed{{"files", {"c.png", "d.png"}}, {"xxh3-64", {"1", "2"}}},
      swapped{{"files", {"a.png", "b.png"}}, {"xxh3-64", {"2", "1"}}},
      more{{"files", {"a.png", "b.png", "c.png"}}, {"xxh3-64", {"1", "2", "3"}}};
  const auto contents = [](const opad::Json& folder) {
    return opad::Json{{"instance-data", {folder}}, {"models", {{"vae", "7"}}}, {"threads", 1}};
  };
  std::string fingerprint;
  {
    RunFolder run(scratch / "run", with(contents(pictures)), Existing::Refuse);
    save(run, 1);
    fingerprint = opad::read_json(run.config_file()).at("fingerprint").get<std::string>();
  }
  {
    const RunFolder run(scratch / "run", with(contents(renamed)), Existing::Resume);
    REQUIRE(opad::read_json(run.config_file()).at("fingerprint").get<std::string>() == fingerprint);
  }
  { RunFolder(scratch / "run", with(contents(pictures)), Existing::Resume); }
  const auto refusal = [&](const opad::Json& now) {
    return message_of([&] { RunFolder(scratch / "run", with(now), Existing::Resume); });
  };
  REQUIRE_THAT(refusal(contents(more)), ContainsSubstring("--instance-data: c.png is new"));
  REQUIRE_THAT(refusal(contents(swapped)), ContainsSubstring("a.png is another picture, b.png is another picture"));
  auto other = contents(pictures);
  other["models"]["vae"] = "8", other["threads"] = 2;
  REQUIRE_THAT(refusal(other), ContainsSubstring("the vae is another model than it was; --threads was 1 and is 2"));
}
