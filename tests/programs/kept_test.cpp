// What was trained is kept, and is what pictures are made with.
#include <opad/io/json.hpp>
#include <opad/io/safetensors.hpp>

#include "short_run.hpp"
#include "support/catch.hpp"

namespace {

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

TEST_CASE("What was trained is there though a picture of it cannot be written", "[programs][faults]") {
  const ScratchFolder scratch;
  const auto run = scratch / "run";
  fs::create_directories(run / "previews" / "before-after.png" / "in the way");
  const auto done = train(run);
  INFO(done.errors);
  REQUIRE(done.code == 0);
  REQUIRE_THAT(done.errors, ContainsSubstring("no comparison: "));
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
