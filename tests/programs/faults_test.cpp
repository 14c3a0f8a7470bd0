// What once went wrong at the joints: each case is a run or a sweep as a user starts it.
#include <opad/io/image.hpp>
#include <opad/io/json.hpp>
#include <opad/io/safetensors.hpp>

#include "program.hpp"
#include "support/catch.hpp"

namespace {

std::string in_quotes(const fs::path& path) { return "'" + path.string() + "'"; }

/// A run of two iterations. Options in `more` stand in the place of the usual ones.
Finished train(const fs::path& output, const std::string& more = "", const std::string& models = tiny) {
  std::string usual;
  for (const auto& [option, value] : {std::pair<std::string, std::string>{"--instance-data", "'" + photos + "'"},
                                      {"--instance-prompt", "'<new1> cat'"},
                                      {"--validation-prompt", "'a <new1> cat'"}})
    if (more.find(option) == more.npos) usual += option + " " + value + " ";
  return start("opad", "--models " + in_quotes(models) + " --initializer-token photo --output " + in_quotes(output) +
                           " --steps 2 --batch-size 1 --preview-every 0 --preview-count 1 --teacher-preview-steps 0 "
                           "--checkpoint-every 2 " +
                           usual + more);
}
Finished picture(const fs::path& output, const std::string& more) {
  return start("generate", "--count 1 --prompt 'a <new1> cat' --output " + in_quotes(output) + " " + more);
}
std::string bytes(const fs::path& folder) { return read_text(folder / "0-0.png"); }

/// The tiny models with another scheduler class for the teacher.
fs::path with_scheduler(const ScratchFolder& scratch, const std::string& name) {
  const auto models = scratch / name;
  fs::copy(tiny, models, fs::copy_options::recursive);
  const auto file = models / "teacher" / "scheduler" / "scheduler_config.json";
  opad::Json config = opad::read_json(file);
  config["_class_name"] = name;
  opad::write_json(file, config);
  return models;
}

constexpr const char* weights = "pytorch_custom_diffusion_weights.safetensors";

}  // namespace

TEST_CASE("A teacher of any scheduler class is trained and shown", "[programs][faults]") {
  const ScratchFolder scratch;
  for (const std::string name : {"PNDMScheduler", "HeunDiscreteScheduler", "DDPMScheduler"}) {
    INFO(name);
    const auto run = scratch / (name + "-run");
    const auto done = train(run, "--teacher-preview-steps 2", with_scheduler(scratch, name).string());
    INFO(done.errors);
    REQUIRE(done.code == 0);
    REQUIRE(fs::exists(run / weights));
    REQUIRE(fs::exists(run / "previews" / "teacher.png"));
    if (name != "DDPMScheduler") REQUIRE_THAT(done.errors, ContainsSubstring("DDIM") && ContainsSubstring(name));
  }
}

TEST_CASE("What cannot work at the end is refused before the beginning, and leaves no folder", "[programs][faults]") {
  const ScratchFolder scratch;
  for (const auto& [more, word] : {std::pair<std::string, std::string>{"--teacher-preview-steps 2000", "2000"},
                                   {"--class-images 1 --class-steps 0", "--class-steps"},
                                   {"--sampler.steps 0", "steps"},
                                   {"--loss.ms-swd.levels 0", "levels"},
                                   {"--augmentation.hflip-probability 2", "probabilities 2"},
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

TEST_CASE("What was trained is there though a picture of it cannot be written", "[programs][faults]") {
  const ScratchFolder scratch;
  const auto run = scratch / "run";
  fs::create_directories(run / "previews" / "before-after.png" / "in the way");
  const auto done = train(run);
  INFO(done.errors);
  REQUIRE(done.code == 0);
  REQUIRE_THAT(done.errors, ContainsSubstring("no preview: "));
  REQUIRE(fs::exists(run / weights));
  REQUIRE(fs::exists(run / "teacher" / weights));
  REQUIRE(fs::exists(run / "summary.json"));
}

TEST_CASE("A token of any name is kept and found again", "[programs][faults]") {
  const ScratchFolder scratch;
  for (const std::string token : {"<a/b>", "sks", "pytorch_custom_diffusion_weights"}) {
    INFO(token);
    const auto run = scratch / std::to_string(token.size());
    const auto done = train(run, "--modifier-token '" + token + "' --instance-prompt '" + token +
                                     " cat' --validation-prompt 'a cat' --token-optimiser.learning-rate 0.1");
    INFO(done.errors);
    REQUIRE(done.code == 0);
    const std::string prompt = " --prompt 'a " + token + " cat'";
    REQUIRE(picture(scratch / "with", "--adapters " + in_quotes(run) + prompt).code == 0);
    fs::remove(run / opad::read_json(run / "adapters.json").at("tokens").at(token).get<std::string>());
    const auto missing = picture(scratch / "without", "--adapters " + in_quotes(run) + prompt);
    REQUIRE(missing.code == 2);  // the token is part of what was trained: its loss is noticed
  }
}

TEST_CASE("Steps and guidance of class pictures are their own options and decide results", "[programs][faults]") {
  const ScratchFolder scratch;
  const auto made = [&](const std::string& name, const std::string& more) {
    REQUIRE(train(scratch / name, "--class-images 1 --steps 1 " + more).code == 0);
    return read_text(scratch / name / "class-images" / "0-0.png");
  };
  const auto fingerprint = [&](const std::string& name) {
    return opad::read_json(scratch / name / "config.json").at("fingerprint").get<std::string>();
  };
  const auto few = made("few", "--class-steps 2"), shown = made("shown", "--class-steps 2 --teacher-preview-steps 3");
  REQUIRE(few == shown);
  REQUIRE(fingerprint("few") == fingerprint("shown"));
  REQUIRE(made("more", "--class-steps 3") != few);
  REQUIRE(fingerprint("more") != fingerprint("few"));
  REQUIRE(made("unguided", "--class-steps 2 --class-guidance 1") != few);
  // the base model makes them, whatever teacher the training starts with
  REQUIRE(made("given", "--class-steps 2 --teacher-adapters " + in_quotes(scratch / "few" / "teacher")) == few);
}

TEST_CASE("Pictures are made with the text encoder and VAE that training took", "[programs][faults]") {
  const ScratchFolder scratch;
  // a student that is a whole pipeline, whose own text encoder says something else
  const auto models = scratch / "models";
  fs::copy(tiny, models, fs::copy_options::recursive);
  for (const char* part : {"tokenizer", "text_encoder", "vae"})
    fs::copy(models / "teacher" / part, models / "student" / part, fs::copy_options::recursive);
  const auto file = models / "student" / "text_encoder" / "model.safetensors";
  opad::Tensors tensors;
  for (const auto& [name, tensor] : opad::SafeTensors(file).tensors()) tensors[name] = (tensor * 1.5).contiguous();
  opad::save_safetensors(file, tensors);
  const auto run = scratch / "run";
  REQUIRE(train(run, "", models.string()).code == 0);
  const std::string student = "--model " + in_quotes(models / "student"),
                    base = " --base " + in_quotes(models / "teacher"), adapters = " --adapters " + in_quotes(run);
  for (const auto& [name, words] : {std::pair<std::string, std::string>{"alone", adapters},
                                    {"model", student + adapters},
                                    {"all", student + base + adapters},
                                    {"own", student + " --prompt 'a cat'"}}) {
    const auto done = picture(scratch / name, words);
    INFO(done.errors);
    REQUIRE(done.code == 0);
  }
  REQUIRE(bytes(scratch / "alone") == bytes(scratch / "all"));
  REQUIRE(bytes(scratch / "model") == bytes(scratch / "all"));
  fs::remove_all(models / "teacher");
  const auto gone = picture(scratch / "gone", student + adapters);
  REQUIRE(gone.code == 2);
  REQUIRE_THAT(gone.errors, ContainsSubstring("--base"));
}

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

TEST_CASE("What the file system refuses is said as it is", "[programs][faults]") {
  const ScratchFolder scratch;
  write_text(scratch / "file", "not a folder");
  const auto done = train(scratch / "file" / "run");
  INFO(done.errors);
  REQUIRE(done.code == 2);
  REQUIRE(done.error_lines() == 1);
  REQUIRE_THAT(done.errors, ContainsSubstring("Not a directory") && !ContainsSubstring("internal error"));
}
