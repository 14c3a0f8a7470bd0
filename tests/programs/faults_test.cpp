// What once went wrong at the joints: each case is a run or a sweep as a user starts it.
#include <opad/io/cut_events.hpp>
#include <opad/io/image.hpp>
#include <opad/io/json.hpp>
#include <opad/io/safetensors.hpp>

#include "program.hpp"
#include "support/catch.hpp"

namespace {

std::string in_quotes(const fs::path& path) { return "'" + path.string() + "'"; }

/// A run of two iterations. Options in `more` stand in the place of the usual ones.
Finished train(const fs::path& output, const std::string& more = "", const std::string& models = tiny,
               const std::string& before = "") {
  std::string usual;
  for (const auto& [option, value] : {std::pair<std::string, std::string>{"--instance-data", "'" + photos + "'"},
                                      {"--instance-prompt", "'<new1> cat'"},
                                      {"--validation-prompt", "'a <new1> cat'"}})
    if (more.find(option) == more.npos) usual += option + " " + value + " ";
  return start("opad",
               "--models " + in_quotes(models) + " --initializer-token photo --output " + in_quotes(output) +
                   " --steps 2 --batch-size 1 --preview-every 0 --preview-count 1 --teacher-preview-steps 0 "
                   "--checkpoint-every 2 " +
                   usual + more,
               before);
}
Finished picture(const fs::path& output, const std::string& more) {
  return start("generate", "--overwrite --count 1 --prompt 'a <new1> cat' --output " + in_quotes(output) + " " + more);
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
  REQUIRE_THAT(done.errors, ContainsSubstring("file: not a folder; give --output a folder"));
}

namespace {

const std::string everything = " --checkpoint-every 1 --steps 3";

/// Takes a finished run back to its second step.
void back_to_step_2(const fs::path& run) {
  fs::remove_all(run / "checkpoints" / "step-3");
  for (const char* file : {"adapters.json", "summary.json"}) fs::remove(run / file);
}
std::string state_of(const fs::path& run) { return read_text(run / "checkpoints" / "step-3" / "state.safetensors"); }

/// The steps that a run's event files show for a number, in order.
std::vector<std::int64_t> shown_steps(const fs::path& run) {
  std::vector<std::int64_t> steps;
  for (const auto& entry : fs::directory_iterator(run)) {
    if (!entry.path().filename().string().starts_with("events.")) continue;
    const std::string file = read_text(entry.path());
    for (std::size_t at = 0; at < file.size();) {
      std::uint64_t length = 0;
      std::memcpy(&length, file.data() + at, 8);
      const auto message = std::string_view(file).substr(at + 12, length);
      if (message.find("\x0a\x07student") != message.npos)  // the tag, in field 1 of the value
        steps.push_back(opad::detail::step_of_event(message).value());
      at += 16 + length;
    }
  }
  std::ranges::sort(steps);
  return steps;
}

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

TEST_CASE("A training may be left to choose its type", "[programs][faults]") {
  const ScratchFolder scratch;
  const auto chosen = train(scratch / "run", "--steps 1 --dtype auto");
  INFO(chosen.errors);
  REQUIRE(chosen.code == 0);
  REQUIRE_THAT(chosen.errors, ContainsSubstring("networks compute in ") && ContainsSubstring("(--dtype auto)"));
  REQUIRE_THAT(train(scratch / "other", "--steps 1 --dtype float64").errors,
               ContainsSubstring("--dtype float64 is not one of auto, float32, bfloat16"));
}

TEST_CASE("A training may be left to choose its memory format, and goes on with it", "[programs][faults]") {
  const ScratchFolder scratch;
  const auto chosen = train(scratch / "run", "--steps 1 --memory-format auto");
  INFO(chosen.errors);
  REQUIRE(chosen.code == 0);
  REQUIRE_THAT(chosen.errors, ContainsSubstring("feature maps are ") && ContainsSubstring("(--memory-format auto)"));
  REQUIRE_THAT(train(scratch / "other", "--steps 1 --memory-format last").errors,
               ContainsSubstring("--memory-format last is not one of auto, contiguous, channels-last"));
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
