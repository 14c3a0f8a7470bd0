// What a run that goes on is known by. (That it ends the same: resume_test.cpp.)
#include <opad/io/json.hpp>
#include <opad/io/safetensors.hpp>

#include "short_run.hpp"
#include "support/catch.hpp"

namespace {

std::string state_of(const fs::path& run) { return read_text(run / "checkpoints" / "step-3" / "state.safetensors"); }

/// Takes a finished run back to its second step.
void back_to_step_2(const fs::path& run) {
  fs::remove_all(run / "checkpoints" / "step-3");
  for (const char* file : {"adapters.json", "summary.json"}) fs::remove(run / file);
}

/// A run whose every iteration leaves a checkpoint.
const std::string everything = " --checkpoint-every 1 --steps 3";

}  // namespace

TEST_CASE("A run is known by its contents, wherever its photographs and models lie", "[programs][faults]") {
  const ScratchFolder scratch;
  const auto pictures = scratch / "photos", moved = scratch / "moved", models = scratch / "models",
             run = scratch / "run";
  fs::copy(photos, pictures, fs::copy_options::recursive);
  fs::copy(tiny, models, fs::copy_options::recursive);
  const auto begun = train(run, "--instance-data " + in_quotes(pictures) + everything, models.string());
  INFO(begun.errors);
  REQUIRE(begun.code == 0);
  const std::string state = state_of(run), metrics = read_text(run / "metrics.csv");
  const auto resume = [&](const std::string& more) { return start("opad", "--resume " + in_quotes(run) + more); };
  SECTION("moved folders go on, to the same bytes") {
    back_to_step_2(run);
    fs::rename(pictures, moved), fs::rename(models, scratch / "other");
    const auto done =
        resume(" --instance-data " + in_quotes(moved) + " --models " + in_quotes(scratch / "other") + " --threads 0");
    INFO(done.errors);
    REQUIRE(done.code == 0);
    REQUIRE(state_of(run) == state);
    REQUIRE(read_text(run / "metrics.csv") == metrics);
    REQUIRE(shown_steps(run) == std::vector<std::int64_t>{1, 2, 3});
  }
  SECTION("what is not the same is refused by name") {
    const auto photo = fs::directory_iterator(pictures)->path();
    const std::string name = photo.filename().string(), content = read_text(photo);
    const auto refused = [&](const std::string& more, const std::string& words) {
      const auto done = resume(more);
      INFO(done.errors);
      REQUIRE(done.code == 2);
      REQUIRE(done.error_lines() == 1);
      REQUIRE_THAT(done.errors, ContainsSubstring(words));
    };
    fs::copy(photo, pictures / "zz.png");
    refused("", "--instance-data: zz.png is new");
    fs::remove(pictures / "zz.png");
    write_text(photo, content + "\n");
    refused("", name + " is another picture");
    fs::rename(photo, scratch / "away");
    refused("", name + " is missing");
    write_text(photo, content);
    refused(" --threads 2", "--threads was 1 and is 2");
    const auto file = models / "student" / "unet" / "diffusion_pytorch_model.safetensors";
    opad::Tensors tensors;
    for (const auto& [key, tensor] : opad::SafeTensors(file).tensors()) tensors[key] = tensor.clone();
    tensors.begin()->second.view({-1})[0] += 1;
    opad::save_safetensors(file, tensors);
    refused("", "the student is another model than it was");
  }
}

TEST_CASE("A training stops by itself after --max-minutes, and the same command goes on", "[programs][faults]") {
  const ScratchFolder scratch;
  const auto run = scratch / "run";
  const auto first = train(run, "--steps 2 --max-minutes 0.00001");
  INFO(first.errors);
  REQUIRE(first.code == 99);
  REQUIRE_THAT(first.errors,
               ContainsSubstring("stopped after step 1, as --max-minutes") && ContainsSubstring("--resume"));
  REQUIRE(fs::exists(run / "checkpoints" / "step-1"));  // a step at least, or a queue would start it for ever
  REQUIRE(train(run, "--steps 2 --max-minutes 0.00001 --resume " + in_quotes(run)).code == 0);
  REQUIRE(fs::exists(run / weights));
}

TEST_CASE("The config of a run that was resumed starts another run", "[programs][faults]") {
  const ScratchFolder scratch;
  const auto run = scratch / "run", other = scratch / "other";
  REQUIRE(train(run, "--steps 1").code == 0);
  REQUIRE(train(run, "--steps 1 --resume " + in_quotes(run)).code == 0);
  const auto again = start("opad", "--config " + in_quotes(run / "config.json") + " --output " + in_quotes(other));
  INFO(again.errors);
  REQUIRE(again.code == 0);
  REQUIRE(read_text(other / weights) == read_text(run / weights));
}

TEST_CASE("Rows that metrics.csv lost are named when a run goes on", "[programs][faults]") {
  const ScratchFolder scratch;
  const auto run = scratch / "run";
  REQUIRE(train(run, everything).code == 0);
  back_to_step_2(run);
  std::string rows = read_text(run / "metrics.csv");
  const auto first = rows.find("\n1,") + 1, second = rows.find("\n2,") + 1;
  rows.erase(first + 5, second - first - 6);  // a line of a few letters
  write_text(run / "metrics.csv", rows);
  const auto done = start("opad", "--resume " + in_quotes(run));
  INFO(done.errors);
  REQUIRE(done.code == 0);
  REQUIRE_THAT(done.errors,
               ContainsSubstring("line 2 is torn") && ContainsSubstring("rows of the steps 1 to 1 are missing"));
}
