#include <opad/io/safetensors.hpp>

#include "program.hpp"
#include "support/catch.hpp"

namespace {

/// The arguments of a run that would work, but for what a test changes.
std::string arguments(const fs::path& data, const fs::path& output, const std::string& more = "",
                      const std::string& prompt = "<new1> cat", const std::string& initializer = "photo") {
  return "--models '" + tiny + "' --instance-data '" + data.string() + "' --instance-prompt '" + prompt +
         "' --initializer-token " + initializer + " --output '" + output.string() +
         "' --steps 1 --batch-size 1 --preview-count 1 --teacher-preview-steps 0 --validation-prompt 'a photo' " + more;
}

/// One clear line that holds the given words, exit code 2, and no run folder.
void refused(const std::string& args, const std::vector<std::string>& words, const fs::path& output) {
  const auto done = start("opad", args);
  INFO(done.errors);
  REQUIRE(done.code == 2);
  REQUIRE(done.error_lines() == 1);
  for (const auto& word : words) REQUIRE_THAT(done.errors, ContainsSubstring(word));
  REQUIRE_FALSE(fs::exists(output / "config.json"));
}

}  // namespace

TEST_CASE("Folders that hold no pictures are refused", "[programs][input]") {
  const ScratchFolder scratch;
  const auto output = scratch / "run";
  SECTION("missing") { refused(arguments(scratch / "nowhere", output), {"nowhere", "no such folder"}, output); }
  SECTION("empty") {
    fs::create_directories(scratch / "empty");
    refused(arguments(scratch / "empty", output), {"empty"}, output);
  }
  SECTION("a text file named .jpg") {
    fs::create_directories(scratch / "data");
    write_text(scratch / "data" / "cat.jpg", "this is not a picture\n");
    refused(arguments(scratch / "data", output), {"cat.jpg"}, output);
  }
  SECTION("a truncated PNG") {
    fs::create_directories(scratch / "data");
    const auto whole = read_text(fs::path(photos) / "02_alpha.png");
    write_text(scratch / "data" / "half.png", whole.substr(0, whole.size() / 2));
    refused(arguments(scratch / "data", output), {"half.png"}, output);
  }
}

TEST_CASE("Prompts and tokens that cannot work are refused", "[programs][input]") {
  const ScratchFolder scratch;
  const auto output = scratch / "run";
  SECTION("a prompt without the modifier token") {
    refused(arguments(photos, output, "", "a cat"), {"<new1>", "--instance-prompt"}, output);
  }
  SECTION("an initializer of several tokens") {
    refused(arguments(photos, output, "", "<new1> zzyzx", "zzyzx"), {"zzyzx", "tokens"}, output);
  }
  SECTION("a modifier token that exists") {
    refused(arguments(photos, output, "--modifier-token 'a</w>'", "a</w> cat"), {"a</w>"}, output);
  }
}

TEST_CASE("Model folders that cannot be loaded are refused", "[programs][input]") {
  const ScratchFolder scratch;
  const auto output = scratch / "run", models = scratch / "models";
  fs::copy(tiny, models, fs::copy_options::recursive);
  SECTION("no such folder") {
    refused(arguments(photos, output, "--teacher '" + (scratch / "none").string() + "'"), {"none"}, output);
  }
  SECTION("encoders of another world") {
    refused("--teacher '" + tiny + "/teacher' --student '" + tiny + "/student' --instance-data '" + photos +
                "' --instance-prompt '<new1> cat' --initializer-token photo "
                "--output '" +
                output.string() + "'",
            {"--identity-encoder is missing", "--models"}, output);
  }
  SECTION("without config") {
    fs::remove(models / "student" / "unet" / "config.json");
    refused(arguments(photos, output, "--models '" + models.string() + "'"), {"student/unet/config.json"}, output);
  }
  SECTION("a tensor of the wrong shape") {
    const auto file = models / "student" / "unet" / "diffusion_pytorch_model.safetensors";
    opad::Tensors tensors = opad::SafeTensors(file).tensors();
    tensors["conv_in.weight"] = tensors["conv_in.weight"].slice(0, 0, 8).contiguous();
    opad::save_safetensors(file, tensors);
    refused(arguments(photos, output, "--models '" + models.string() + "'"), {"conv_in.weight", "student/unet"},
            output);
  }
  SECTION("a file that is cut off") {
    const auto file = models / "teacher" / "vae" / "diffusion_pytorch_model.safetensors";
    const auto whole = read_text(file);
    write_text(file, whole.substr(0, whole.size() - 100));
    refused(arguments(photos, output, "--models '" + models.string() + "'"), {"teacher/vae"}, output);
  }
}

TEST_CASE("Options that make no sense are refused", "[programs][input]") {
  const ScratchFolder scratch;
  const auto output = scratch / "run";
  SECTION("an unknown option names the nearest") {
    refused(arguments(photos, output, "--batchsize 2"), {"--batchsize", "--batch-size"}, output);
  }
  SECTION("a resume that does not exist") {
    refused(arguments(photos, output, "--resume '" + (scratch / "gone").string() + "'"), {"--resume", "gone"}, output);
  }
  SECTION("an output that is a file") {
    write_text(scratch / "file", "");
    refused(arguments(photos, scratch / "file"), {"file", "--output"}, scratch / "file");
  }
  SECTION("a resume alone, without a run and without what a new one needs") {
    refused("--resume --output '" + output.string() + "'", {"--resume", "no run there"}, output);
  }
  SECTION("a number that is none") { refused(arguments(photos, output, "--steps many"), {"--steps", "many"}, output); }
  SECTION("an unknown device") { refused(arguments(photos, output, "--device gpu7"), {"--device", "gpu7"}, output); }
  SECTION("nothing at all") { refused("", {"--instance-data"}, output); }
}

TEST_CASE("What is no picture beside pictures is skipped and said so", "[programs][input]") {
  const ScratchFolder scratch;
  const auto data = scratch / "data", output = scratch / "run";
  fs::copy(photos, data, fs::copy_options::recursive);
  for (const char* name : {".DS_Store", "Thumbs.db", "notes.txt"}) write_text(data / name, "\x01\x02 not a picture");
  const auto done = start("opad", arguments(data, output));
  INFO(done.errors);
  REQUIRE(done.code == 0);
  for (const char* name : {"Thumbs.db", "notes.txt"}) REQUIRE_THAT(done.errors, ContainsSubstring(name));
  REQUIRE(fs::exists(output / "pytorch_custom_diffusion_weights.safetensors"));
  REQUIRE(fs::exists(output / "<new1>.safetensors"));
  REQUIRE(fs::exists(output / "teacher" / "pytorch_custom_diffusion_weights.safetensors"));
}

TEST_CASE("A run is not overwritten by accident", "[programs][input]") {
  const ScratchFolder scratch;
  const auto output = scratch / "run";
  REQUIRE(start("opad", arguments(photos, output)).code == 0);
  const auto weights = read_text(output / "pytorch_custom_diffusion_weights.safetensors");
  const auto again = start("opad", arguments(photos, output, "--seed 7"));
  REQUIRE(again.code == 2);
  REQUIRE_THAT(again.errors, ContainsSubstring("--overwrite"));
  REQUIRE(read_text(output / "pytorch_custom_diffusion_weights.safetensors") == weights);
}

TEST_CASE("Asked for, --help and --version answer and leave", "[programs][help]") {
  const auto help = start("opad", "--help");
  REQUIRE(help.code == 0);
  for (const char* name : {"--instance-data", "--loss.latent-mse.weight", "--critic.dino.weight", "--target.guidance",
                           "--student-optimiser.learning-rate"})
    REQUIRE_THAT(help.output, ContainsSubstring(name));
  REQUIRE(start("opad", "--version").code == 0);
}
