#include "program.hpp"
#include "support/catch.hpp"

namespace {

constexpr int steps = 6;

std::string arguments(const fs::path& output, const std::string& more = "") {
  return "--models '" + tiny + "' --instance-data '" + photos +
         "' --instance-prompt '<new1> cat' --initializer-token photo --output '" + output.string() + "' --steps " +
         std::to_string(steps) +
         " --batch-size 2 --preview-every 0 --preview-count 1 --teacher-preview-steps 0 --validation-prompt 'a <new1> "
         "cat' --checkpoint-every 2 "
         "--teacher-optimiser.learning-rate 1e-3 --student-optimiser.learning-rate 1e-3 " +
         more;
}

/// Everything that training has produced, byte for byte.
void same_results(const fs::path& a, const fs::path& b) {
  for (const char* file : {"pytorch_custom_diffusion_weights.safetensors", "<new1>.safetensors",
                           "teacher/pytorch_custom_diffusion_weights.safetensors", "metrics.csv",
                           "previews/before-after.png", "checkpoints/step-6/state.safetensors"}) {
    INFO(file);
    const auto want = read_text(a / file);
    REQUIRE_FALSE(want.empty());
    REQUIRE(read_text(b / file) == want);
  }
}

}  // namespace

TEST_CASE("A run that was stopped and resumed equals one that was not, bit for bit", "[programs][resume]") {
  const ScratchFolder scratch;
  const auto whole = scratch / "whole", parts = scratch / "parts";
  REQUIRE(start("stopping_opad", arguments(whole)).code == 0);

  SECTION("stopped by SIGTERM: it writes a checkpoint and leaves with 143") {
    // the program signals itself at given points, so that the test does not depend on time
    const auto stopped = start("stopping_opad", arguments(parts), "STOP='15 3 student'");
    INFO(stopped.errors);
    REQUIRE(stopped.code == 143);
    REQUIRE(fs::exists(parts / "checkpoints" / "step-3"));
    REQUIRE_FALSE(fs::exists(parts / "pytorch_custom_diffusion_weights.safetensors"));
    REQUIRE(start("stopping_opad", "--resume '" + parts.string() + "'").code == 0);
    same_results(whole, parts);
  }
  SECTION("killed inside an iteration, between the teacher's and the student's step") {
    REQUIRE(start("stopping_opad", arguments(parts), "STOP='9 3 student'").code == 128 + 9);
    REQUIRE(start("stopping_opad", "--resume '" + parts.string() + "'").code == 0);
    same_results(whole, parts);
  }
  SECTION("killed twice, before the first checkpoint and after the last") {
    REQUIRE(start("stopping_opad", arguments(parts), "STOP='9 1 student'").code == 128 + 9);
    REQUIRE(start("stopping_opad", arguments(parts, "--overwrite"), "STOP='9 5 critic'").code == 128 + 9);
    REQUIRE(start("stopping_opad", arguments(parts, "--resume")).code == 0);
    same_results(whole, parts);
  }
}

TEST_CASE("A run with a second stage can be stopped before, at and after its beginning", "[programs][resume]") {
  const ScratchFolder scratch;
  const auto whole = scratch / "whole";
  const std::string program = "--recipe collaborative ",
                    more = "--checkpoint-every 1 --keep-checkpoints 6 --coupling.pictures 4";
  REQUIRE(start("teaching", program + arguments(whole, more)).code == 0);
  REQUIRE(fs::exists(whole / "collaborative" / "0" / "pictures.json"));
  for (const int step : {3, 4, 5}) {  // the student's pictures join after step 4
    INFO(step);
    const auto parts = scratch / std::to_string(step);
    fs::copy(whole, parts, fs::copy_options::recursive);
    for (int later = step + 1; later <= steps; ++later)
      fs::remove_all(parts / "checkpoints" / ("step-" + std::to_string(later)));
    for (const char* made : {"pytorch_custom_diffusion_weights.safetensors", "<new1>.safetensors", "teacher"})
      fs::remove_all(parts / made);
    if (step < 5) fs::remove_all(parts / "collaborative");
    const auto resumed = start("teaching", program + "--resume '" + parts.string() + "'");
    INFO(resumed.errors);
    REQUIRE(resumed.code == 0);
    same_results(whole, parts);
  }
}

TEST_CASE("A run cannot be resumed with other hyper-parameters, nor in another folder", "[programs][resume]") {
  const ScratchFolder scratch;
  const auto output = scratch / "run";
  REQUIRE(start("stopping_opad", arguments(output)).code == 0);
  const auto other = start("stopping_opad", arguments(output, "--resume --loss.latent-mse.weight 0.5"));
  REQUIRE(other.code == 2);
  REQUIRE_THAT(other.errors, ContainsSubstring("loss.latent-mse.weight"));
  REQUIRE(other.error_lines() == 1);
  const auto elsewhere = start("stopping_opad", arguments(scratch / "elsewhere", "--resume '" + output.string() + "'"));
  REQUIRE(elsewhere.code == 2);
  REQUIRE(elsewhere.error_lines() == 1);
  REQUIRE_THAT(elsewhere.errors, ContainsSubstring("--output"));
  REQUIRE_FALSE(fs::exists(scratch / "elsewhere"));
}
