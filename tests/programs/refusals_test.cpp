// What cannot be done is refused in one line that names it, before anything is written.
#include <opad/io/json.hpp>

#include "short_run.hpp"
#include "support/catch.hpp"

TEST_CASE("What cannot work at the end is refused before the beginning, and leaves no folder", "[programs][faults]") {
  const ScratchFolder scratch;
  for (const auto& [more, word] :
       {std::pair<std::string, std::string>{"--teacher-preview-steps 2000", "2000"},
        {"--class-images 1 --class-steps 0", "--class-steps"},
        {"--sampler.steps 0", "steps"},
        {"--loss.ms-swd.levels 0", "levels"},
        {"--augmentation.hflip-probability 2", "--augmentation.hflip-probability 2: give 0 to 1"},
        {"--resolution 33", "33"},
        {"--resolution -8", "--resolution"},
        {"--threads -1", "--threads"},
        {"--critic.dino.warmup -1", "warmup"}}) {
    INFO(more);
    const auto done = train(scratch / "run", more);
    INFO(done.errors);
    REQUIRE(done.code == 2);
    REQUIRE(done.error_lines() == 1);
    REQUIRE_THAT(done.errors, ContainsSubstring(word));
    REQUIRE_FALSE(fs::exists(scratch / "run"));
  }
}

TEST_CASE("What the file system refuses is said as it is", "[programs][faults]") {
  const ScratchFolder scratch;
  write_text(scratch / "file", "not a folder");
  const auto done = train(scratch / "file" / "run");
  INFO(done.errors);
  REQUIRE(done.code == 2);
  REQUIRE(done.error_lines() == 1);
  REQUIRE_THAT(done.errors, ContainsSubstring("file: not a folder; give --output a folder"));
}

TEST_CASE("A training may be left to choose its type and memory format, and goes on with it", "[programs][faults]") {
  const ScratchFolder scratch;
  for (const auto& [option, says, wrong] :
       {std::tuple{"--dtype", "networks compute in ", "--dtype float64 is not one of auto, float32, bfloat16"},
        {"--memory-format", "feature maps are ",
         "--memory-format last is not one of auto, contiguous, channels-last"}}) {
    const std::string name = option, refusal = wrong;
    const auto chosen = train(scratch / name, "--steps 1 " + name + " auto");
    INFO(chosen.errors);
    REQUIRE(chosen.code == 0);
    REQUIRE_THAT(chosen.errors, ContainsSubstring(says) && ContainsSubstring("(" + name + " auto)"));
    REQUIRE_THAT(train(scratch / "other", "--steps 1 " + refusal.substr(0, refusal.find(" is not"))).errors,
                 ContainsSubstring(refusal));
  }
  REQUIRE_THAT(train(scratch / "other", "--steps 1 --mkl-dispatch amd").errors,
               ContainsSubstring("--mkl-dispatch amd is not one of vendor, instructions"));
  const auto run = scratch / "last";
  REQUIRE(train(run, "--steps 1 --memory-format channels-last --mkl-dispatch instructions").code == 0);
  REQUIRE(train(run, "--steps 2 --resume " + in_quotes(run)).code != 0);  // another number of steps
  REQUIRE(train(run, "--steps 1 --resume " + in_quotes(run)).code == 0);
  REQUIRE_THAT(train(run, "--steps 1 --memory-format contiguous --resume " + in_quotes(run)).errors,
               ContainsSubstring("--memory-format was channels-last and is contiguous"));
}

TEST_CASE("What this machine cannot do is refused in one line with the option's name", "[programs][faults]") {
  const ScratchFolder scratch;
  const auto two = scratch / "two";
  fs::copy(fs::path(tiny) / "identity-encoder", two, fs::copy_options::recursive);
  fs::copy(two / "ip_adapter.safetensors", two / "other.safetensors");
  write_text(scratch / "twice.json", R"({"batch-size": 1, "batch_size": 2})");
  write_text(scratch / "dotted.json", R"({"loss": {"latent-mse": {"weight": 1}}, "loss.latent-mse.weight": 2})");
  write_text(scratch / "long.json", "{\"device\": \"" + std::string(2'000'000, 'x') + "\"}");
  write_text(scratch / "key.json", "{\"" + std::string(2'000'000, 'x') + "\": 1}");
  for (const auto& [more, word] :
       {std::pair<std::string, std::string>{"--device mps", "--device mps"},
        {"--device cuda:99", "--device cuda:99"},
        {"--device meta", "--device meta"},
        {"--threads 20000", "--threads 20000"},
        {"--batch-size 1000000000", "--batch-size: 1000000000 pictures take at least"},
        {"--accumulation 1000000000", "--accumulation: 1000000000 pictures take at least"},
        {"--preview-count 1000000000", "--preview-count: 1000000000 pictures take at least"},
        {"--resolution 4000000000", "--batch-size: 1 picture takes at least"},
        {"--learning-rate.warmup -1", "--learning-rate.warmup -1"},
        {"--max-minutes -1", "--max-minutes -1"},
        {"--critic.dino.noise.sigma -1", "--critic.dino.noise.sigma -1"},
        {"--modifier-token ''", "--modifier-token"},
        {"--config " + in_quotes(scratch / "twice.json"), "batch-size comes twice"},
        {"--config " + in_quotes(scratch / "dotted.json"), "loss.latent-mse.weight comes twice"},
        {"--config " + in_quotes(scratch / "long.json"), "--device xxx"},
        {"--config " + in_quotes(scratch / "key.json"), "is not an option"},
        {"--identity-encoder " + in_quotes(scratch / "twice.json"), "image_encoder"},
        {"--dino " + in_quotes(fs::path(tiny) / "dino" / "model.safetensors"), "not a folder; give"},
        {"--identity-encoder " + in_quotes(two),
         "holds several IP-Adapters (ip_adapter.safetensors, other.safetensors)"},
        {"--student '" OPAD_SOURCE_DIR "/models/mini/student'", "models/mini/student/unet: attends to words of 128"}}) {
    INFO(more.substr(0, 200));
    const auto done = train(scratch / "run", more, tiny, "ulimit -v 8000000;");  // refused, not tried
    INFO(done.errors.substr(0, 500));
    REQUIRE(done.code == 2);
    REQUIRE(done.error_lines() == 1);
    REQUIRE(done.errors.size() < 2000);
    REQUIRE_THAT(done.errors, ContainsSubstring(word));
    REQUIRE_FALSE(fs::exists(scratch / "run"));
  }
}

TEST_CASE("A training that goes astray names step, term and tensor, and writes nothing of it", "[programs][faults]") {
  const ScratchFolder scratch;
  const auto late = train(scratch / "late", "--steps 1 --student-optimiser.learning-rate 1e39");
  INFO(late.errors);
  REQUIRE(late.code == 3);
  REQUIRE_THAT(late.errors,
               ContainsSubstring("in step 1: the tensor 'student.value.") && ContainsSubstring("infinity"));
  REQUIRE(fs::is_empty(scratch / "late" / "checkpoints"));
  REQUIRE_FALSE(fs::exists(scratch / "late" / weights));
  const auto early = train(scratch / "early", "--steps 3 --student-optimiser.learning-rate 1e12");
  INFO(early.errors);
  REQUIRE(early.code == 3);
  REQUIRE_THAT(early.errors, ContainsSubstring("in step 2: the term "));
}

TEST_CASE("One of several IP-Adapters is given by its file", "[programs][faults]") {
  const ScratchFolder scratch;
  const auto two = scratch / "two";
  fs::copy(fs::path(tiny) / "identity-encoder", two, fs::copy_options::recursive);
  fs::copy(two / "ip_adapter.safetensors", two / "other.safetensors");
  const auto done = train(scratch / "run", "--steps 1 --identity-encoder " + in_quotes(two / "other.safetensors"));
  INFO(done.errors);
  REQUIRE(done.code == 0);
}

TEST_CASE("A JSON file with values of other types is named", "[programs][faults]") {
  const ScratchFolder scratch;
  const auto run = scratch / "run";
  REQUIRE(train(run, "--steps 1").code == 0);
  for (const char* record :
       {R"({"tokens": {"a": 3}})", R"({"weights": 5, "tokens": {}})", R"({"weights": [1]})", "[]"}) {
    INFO(record);
    write_text(run / "adapters.json", record);
    const auto done = picture(scratch / "p", "--adapters " + in_quotes(run));
    INFO(done.errors);
    REQUIRE(done.code == 2);
    REQUIRE_THAT(done.errors, ContainsSubstring("adapters.json: "));
  }
  opad::Json config = opad::read_json(run / "config.json");
  config["contents"] = {{"threads", "two"}};
  opad::write_json(run / "config.json", config);
  const auto done = start("opad", "--resume " + in_quotes(run));
  INFO(done.errors);
  REQUIRE(done.code == 2);
  REQUIRE_THAT(done.errors, ContainsSubstring("config.json: is not as it should be"));
}

TEST_CASE("As many pictures are scored as were asked for", "[programs][faults]") {
  const ScratchFolder scratch;
  const auto made = start("generate", "--model '" + tiny + "/student' --base '" + tiny +
                                          "/teacher' --count 2 --prompt 'a cat' --output " + in_quotes(scratch / "p"));
  REQUIRE(made.code == 0);
  REQUIRE(fs::exists(scratch / "p" / "grid" / "grid.png"));
  const auto scored =
      start("evaluate", "--generated " + in_quotes(scratch / "p") + " --real '" + photos +
                            "' --prompt 'a cat' --encoders '" OPAD_SOURCE_DIR "/tests/golden/evaluate/metrics'");
  INFO(scored.errors);
  REQUIRE(scored.code == 0);
  REQUIRE_THAT(scored.output, ContainsSubstring("2 pictures against"));
}

TEST_CASE("generate and evaluate refuse what they cannot do, by the option's name", "[programs][faults]") {
  const ScratchFolder scratch;
  const std::string model = "--model '" + tiny + "/student' --base '" + tiny + "/teacher'";
  write_text(scratch / "file.safetensors", "x");
  for (const auto& [more, word] : {std::pair<std::string, std::string>{"--resolution 33", "--resolution 33"},
                                   {"--count -1", "--count -1"},
                                   {"--count 1000000000000", "--count: 1000000000000 pictures"},
                                   {"--steps 0", "--steps 0"},
                                   {"--adapters " + in_quotes(scratch / "file.safetensors"), "a file; give its folder"},
                                   {"--base '" OPAD_SOURCE_DIR "/models/mini/teacher'", "attends to words of"}}) {
    INFO(more);
    const auto done = start("generate", model + " --prompt 'a cat' --output " + in_quotes(scratch / "p") + " " + more);
    INFO(done.errors);
    REQUIRE(done.code == 2);
    REQUIRE(done.error_lines() == 1);
    REQUIRE_THAT(done.errors, ContainsSubstring(word));
    REQUIRE_FALSE(fs::exists(scratch / "p"));
  }
  const auto blank =
      start("evaluate", "--generated '" + photos + "' --real '" + photos + "' --prompt x --modifier-token ''");
  REQUIRE(blank.code == 2);
  REQUIRE_THAT(blank.errors, ContainsSubstring("--modifier-token"));
}
