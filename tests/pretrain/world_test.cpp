#include <sys/wait.h>

#include <opad/io/safetensors.hpp>

#include "programs/program.hpp"
#include "support/catch.hpp"

namespace {

Finished pretrain(const fs::path& models) {
  const ScratchFolder scratch;
  const std::string command =
      "OPAD_BIN='" OPAD_BINARY_DIR "/bin' SCALE=0.0005 OMP_NUM_THREADS=1 '" OPAD_SOURCE_DIR "/scripts/pretrain' '" +
      models.string() + "' >'" + (scratch / "out").string() + "' 2>'" + (scratch / "err").string() + "'";
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128, read_text(scratch / "out"), read_text(scratch / "err")};
}

}  // namespace

TEST_CASE("scripts/pretrain makes a world from nothing that the method then runs on", "[pretrain][programs]") {
  const ScratchFolder scratch;
  const auto world = scratch / "world";
  const auto made = pretrain(world);
  INFO(made.output << made.errors);
  REQUIRE(made.code == 0);
  REQUIRE_THAT(made.output, ContainsSubstring("pretrain: about ") && ContainsSubstring(" on two free cores, in "));
  for (const char* file :
       {"teacher/model_index.json", "teacher/unet/config.json", "teacher/vae/config.json",
        "teacher/text_encoder/config.json", "teacher/tokenizer/vocab.json", "teacher/scheduler/scheduler_config.json",
        "student/unet/config.json", "student/scheduler/scheduler_config.json", "dino/config.json", "dinov2/config.json",
        "identity-encoder/ip_adapter.safetensors", "ip-adapter/ip-adapter.safetensors",
        "identity-encoder/image_encoder/config.json", "evaluation/dino/config.json",
        "evaluation/clip/text_encoder/config.json", "evaluation/clip/image_encoder/config.json",
        "evaluation/clip/tokenizer/vocab.json", "evaluation/attribute-reader/attributes.json"}) {
    INFO(file);
    REQUIRE(fs::exists(world / file));
  }
  SECTION("the method trains on it, and generate shows what it learned") {
    const auto run = scratch / "run";
    const auto trained = start("opad", "--models '" + world.string() + "' --instance-data '" + photos +
                                           "' --instance-prompt '<new1> cat' --output '" + run.string() +
                                           "' --steps 1 --preview-count 1 --teacher-preview-steps 2");
    INFO(trained.errors);
    REQUIRE(trained.code == 0);
    const auto shown =
        start("generate", "--model '" + (world / "student").string() + "' --base '" + (world / "teacher").string() +
                              "' --adapters '" + run.string() + "' --prompt 'a <new1> cat in the snow' --output '" +
                              (scratch / "pictures").string() + "'");
    INFO(shown.errors);
    REQUIRE(shown.code == 0);
  }
  SECTION("a training that lost its last checkpoint goes on from the one before and ends bit for bit the same") {
    const auto student = read_text(world / "student" / "unet" / "diffusion_pytorch_model.safetensors");
    const auto run = fs::path(world.string() + ".runs") / "vae";
    const auto vae = read_text(world / "teacher" / "vae" / "diffusion_pytorch_model.safetensors");
    const std::string again = "--models '" + world.string() + "' --output '" + (scratch / "vae").string() +
                              "' --steps 3 --batch-size 2 --checkpoint-every 1 --resume";
    REQUIRE(start("pretrain-vae", again).code == 0);
    const auto whole = read_text(world / "teacher" / "vae" / "diffusion_pytorch_model.safetensors");
    REQUIRE(whole != vae);
    fs::remove_all(scratch / "vae" / "checkpoints" / "step-3");
    fs::remove(world / "teacher" / "vae" / "diffusion_pytorch_model.safetensors");
    REQUIRE(start("pretrain-vae", again).code == 0);
    REQUIRE(read_text(world / "teacher" / "vae" / "diffusion_pytorch_model.safetensors") == whole);
    REQUIRE(fs::exists(run / "learning-curve.png"));
    REQUIRE_FALSE(student.empty());
  }
  fs::remove_all(world.string() + ".runs");
}

TEST_CASE("scripts/pretrain that is stopped stops its trainings, each after a checkpoint", "[pretrain][programs]") {
  const ScratchFolder scratch;
  const std::string world = (scratch / "world").string();
  const std::string script = "OPAD_BIN='" OPAD_BINARY_DIR "/bin' OMP_NUM_THREADS=1 '" OPAD_SOURCE_DIR
                             "/scripts/pretrain' '" +
                             world + "' >'" + world + ".out' 2>&1 & ";
  // both have begun their loops once their folders of previews are there
  const std::string stop =
      "script=$!; until [ -d '" + world + ".runs/vae/previews' ] && [ -d '" + world +
      ".runs/dino/previews' ] || ! kill -0 $script; do sleep 0.1; done; kill $script; wait $script";
  const int status = std::system((script + stop).c_str());
  INFO(read_text(world + ".out"));
  REQUIRE(WEXITSTATUS(status) == 143);
  for (const auto& entry : fs::directory_iterator("/proc"))
    REQUIRE(read_text(entry.path() / "cmdline").find("--models" + std::string(1, '\0') + world) == std::string::npos);
  for (const char* training : {"vae", "dino"}) {
    const fs::path run = world + ".runs/" + training;
    REQUIRE_FALSE(fs::is_empty(run / "checkpoints"));
    REQUIRE_THAT(read_text(run.string() + ".log"), ContainsSubstring("go on with --resume"));
  }
}

TEST_CASE("Two ranks train what one does with as many parts of a batch, also when they were stopped",
          "[pretrain][programs]") {
  const ScratchFolder scratch;
  const auto train = [&](const std::string& name, const std::string& how) {
    const auto finished =
        start("pretrain-vae", "--models '" + (scratch / (name + "-models")).string() + "' --output '" +
                                  (scratch / name).string() +
                                  "' --steps 4 --batch-size 4 --checkpoint-every 1 --dtype float32 --resume " + how);
    INFO(finished.errors);
    REQUIRE(finished.code == 0);
    return read_text((scratch / (name + "-models")) / "teacher" / "vae" / "diffusion_pytorch_model.safetensors");
  };
  const auto whole = train("a", "--accumulation 2");
  REQUIRE(train("b", "--processes 2") == whole);
  fs::remove_all(scratch / "b" / "checkpoints" / "step-4");
  REQUIRE(train("b", "--processes 2") == whole);
}

TEST_CASE("A decoder of 64 pixels is finished with critics; its encoder stays, and so do the latents",
          "[pretrain][programs]") {
  const ScratchFolder scratch;
  const std::string world = "--models '" + (scratch / "world").string() + "' --resolution 64 --batch-size 2 ",
                    vae = (scratch / "world" / "teacher" / "vae").string(), first = (scratch / "first").string();
  const auto train = [&](const std::string& program, const std::string& options) {
    const auto finished = start(program, world + options);
    INFO(finished.errors);
    REQUIRE(finished.code == 0);
  };
  const auto weights = [](const fs::path& folder) {
    return opad::SafeTensors(folder / "diffusion_pytorch_model.safetensors").tensors();
  };
  train("pretrain-reader",
        "--steps 2 --reader.folder eye --reader.width 8 --output '" + (scratch / "eye").string() + "'");
  train("pretrain-vae", "--steps 2 --vae.downscale 8 --vae.width 8 --vae.latent-channels 4 --output '" +
                            (scratch / "run").string() + "'");
  fs::copy(vae, first, fs::copy_options::recursive);
  const auto finish = [&] {
    train(
        "pretrain-vae",
        "--steps 4 --checkpoint-every 2 --vae.alone 0 --vae.perceptual 1 --vae.adversarial 0.1 --resume --vae.from '" +
            first + "' --output '" + (scratch / "finish").string() + "'");
    return weights(vae);
  };
  const auto before = weights(first), after = finish();
  bool changed = false;
  for (const auto& [name, tensor] : before) {
    CAPTURE(name);
    if (name.starts_with("encoder.") || name.starts_with("quant_conv.")) REQUIRE(at::equal(tensor, after.at(name)));
    else changed |= !at::equal(tensor, after.at(name));
  }
  REQUIRE(changed);
  SECTION("a deep teacher with min-SNR weights learns on its latents") {
    REQUIRE(start("pretrain-tokenizer", "--models '" + (scratch / "world").string() + "'").code == 0);
    train("pretrain-teacher",
          "--steps 2 --teacher.pictures 4 --teacher.width 32 --teacher.layers 2 --teacher.min-snr 5 --output '" +
              (scratch / "teacher").string() + "'");
    REQUIRE(fs::exists(scratch / "world" / "teacher" / "model_index.json"));
  }
  SECTION("what is kept of a finish may be a mean of both, and of none of it is what it began with") {
    train("pretrain-vae", "--steps 1 --vae.alone 0 --vae.perceptual 1 --vae.blend 0 --vae.from '" + first +
                              "' --output '" + (scratch / "nothing").string() + "'");
    for (const auto& [name, tensor] : weights(vae)) REQUIRE(at::equal(tensor, before.at(name)));
  }
  SECTION("a finish that was stopped ends the same, critics and all") {
    fs::remove_all(scratch / "finish" / "checkpoints" / "step-4");
    for (const auto& [name, tensor] : finish()) REQUIRE(at::equal(tensor, after.at(name)));
  }
}

TEST_CASE("Pretraining programs refuse what cannot work in one line, with exit code 2", "[pretrain][programs]") {
  const ScratchFolder scratch;
  const auto output = "--output '" + (scratch / "run").string() + "' --models '" + (scratch / "world").string() + "' ";
  const auto refuses = [](const Finished& finished, const std::string& words) {
    INFO(finished.errors);
    REQUIRE(finished.code == 2);
    REQUIRE(finished.error_lines() == 1);
    REQUIRE_THAT(finished.errors, ContainsSubstring(words));
  };
  refuses(start("pretrain-vae", "--output x"), "--models is missing");
  refuses(start("pretrain-vae", output + "--steps 0"), "--steps");
  refuses(start("pretrain-vae", output + "--processes 3 --batch-size 4"), "--processes");
  refuses(start("pretrain-vae", output + "--device gpu"), "--device gpu");
  refuses(start("pretrain-vae", output + "--vae.widht 3"), "vae.width");
  refuses(start("pretrain-vae", output + "--resolution 48"), "--resolution 48 is not one of 32, 64");
  refuses(start("pretrain-vae", output + "--vae.downscale 16"), "--vae.downscale 16");
  refuses(start("pretrain-vae", output + "--vae.adversarial 1"), "give --vae.from");
  refuses(start("pretrain-vae", output + "--dtype int8"), "--dtype int8");
  refuses(start("pretrain-teacher", output), "tokenizer");
  refuses(start("pretrain-vit", output + "--vit.width wide"), "vit.width");
}
