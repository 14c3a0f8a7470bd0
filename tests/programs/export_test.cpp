// Files of other programs, as a user gives them to generate and gets them from export_trained.
#include <opad/adapter/trained_folder.hpp>
#include <opad/io/image.hpp>

#include "program.hpp"
#include "support/catch.hpp"

using namespace opad;

namespace {

std::string in_quotes(const fs::path& path) { return "'" + path.string() + "'"; }

const std::string models = "--model '" + tiny + "/student' --base '" + tiny + "/teacher' ";

/// A folder as a run leaves it: an adapter after some training, and the word <new1>.
template <class A>
fs::path trained(const ScratchFolder& scratch, const A& adapter) {
  const auto folder = scratch / std::string(A::name);
  const auto unet = UNet2DConditionModel::from_pretrained(fs::path(tiny) / "student" / "unet");
  torch::NoGradGuard no_grad;
  for (auto& [name, p] : adapter.install(*unet)) p.add_(Random(5).stream(name).normal(p.sizes()), 0.1);
  auto tokenizer = ClipTokenizer::from_pretrained(fs::path(tiny) / "teacher" / "tokenizer");
  const TokenRows rows(tokenizer, {{"<new1>", Random(6).stream("word").normal({2, 32})}});
  save_trained(
      folder, std::string(A::name), *unet, [&](auto& u, const auto& to) { adapter.save(u, to); },
      [&](auto& u) { adapter.merge(u); }, rows);
  return folder;
}

Finished generate(const fs::path& output, const std::string& more, const std::string& of = models) {
  return start("generate", of + "--prompt 'a <new1> cat' --count 1 --output " + in_quotes(output) + " " + more);
}
Tensor picture(const ScratchFolder& scratch, const std::string& more, const std::string& of = models) {
  const auto done = generate(scratch / "p", more, of);
  INFO(done.errors);
  REQUIRE(done.code == 0);
  const Tensor made = read_image(scratch / "p" / "0-0.png").to(torch::kInt32);
  fs::remove_all(scratch / "p");
  return made;
}
Finished exported(const fs::path& from, const std::string& form, const fs::path& to, const std::string& more = "") {
  return start("export_trained", models + "--adapters " + in_quotes(from) + " --form " + form + " --output " +
                                     in_quotes(to) + " " + more);
}
/// In steps of a byte.
std::int64_t distance(const Tensor& a, const Tensor& b) { return (a - b).abs().max().item<std::int64_t>(); }

}  // namespace

TEST_CASE("What export_trained writes makes the picture that the run's folder makes", "[programs][export]") {
  const ScratchFolder scratch;
  const auto same = [&](const auto& adapter, const std::string& rank) {
    const auto run = trained(scratch, adapter);
    const Tensor want = picture(scratch, "--adapters " + in_quotes(run)),
                 word = picture(scratch, "--embedding " + in_quotes(run / "<new1>.safetensors"));
    REQUIRE(distance(want, word) > 3);
    const auto here = scratch / (run.filename().string() + "-out");
    const std::string embedding = " --embedding " + in_quotes(here / "<new1>.safetensors");
    for (const auto& [form, file] : {std::pair<std::string, fs::path>{"kohya", here / "cat.safetensors"},
                                     {"peft", here},
                                     {"diffusers", here},
                                     {"merged", here / "all.safetensors"}}) {
      const bool lora = form == "kohya" || form == "peft";
      INFO(form << " of " << run);
      const auto done = exported(run, form, file, lora ? rank + " --license mit" : "");
      INFO(done.errors);
      REQUIRE(done.code == 0);
      if (lora) REQUIRE(distance(picture(scratch, "--lora " + in_quotes(file) + embedding), want) <= 1);
      if (form == "kohya") {
        const std::string half = "--lora " + in_quotes(file.string() + ":0.5") + " ";
        REQUIRE(distance(picture(scratch, half + half + embedding), want) <= 1);
        const auto said = SafeTensors(file).metadata();
        REQUIRE(said.at("license") == "mit");
        REQUIRE(said.at("opad.trained_words") == "<new1>");
      }
      if (form == "diffusers") {
        const auto said = SafeTensors(here / "unet" / "diffusion_pytorch_model.safetensors").metadata();
        REQUIRE(said.at("opad.form") == form);
        REQUIRE(distance(picture(scratch, embedding, "--model " + in_quotes(here) + " "), want) <= 1);
      }
      fs::remove_all(here);
    }
  };
  same(LowRankAdapter{.rank = 3, .alpha = 6}, "");
  same(CustomDiffusion<KeyValue>{}, "--rank 32");
}

TEST_CASE("export_trained overwrites nothing but what it wrote, and only when it is told to", "[programs][export]") {
  const ScratchFolder scratch;
  const auto run = trained(scratch, LowRankAdapter{.rank = 2, .alpha = 2});
  const auto refused = [&](const std::string& form, const fs::path& to, const std::string& more,
                           const std::string& message) {
    const auto done = exported(run, form, to, more);
    INFO(form << " " << to << " " << more << ": " << done.errors);
    REQUIRE(done.code == 2);
    REQUIRE(done.error_lines() == 1);
    REQUIRE_THAT(done.errors, ContainsSubstring(message));
  };
  const auto file = scratch / "out" / "x.safetensors", folder = scratch / "whole";
  fs::create_directories(folder);
  write_text(folder / "mine.txt", "mine");
  for (const auto& [form, to] : {std::pair<std::string, fs::path>{"kohya", file}, {"diffusers", folder}}) {
    REQUIRE(exported(run, form, to).code == 0);
    refused(form, to, "", "is there already; give --overwrite");
    REQUIRE(exported(run, form, to, "--overwrite").code == 0);
  }
  REQUIRE(read_text(folder / "mine.txt") == "mine");
  write_text(scratch / "out" / "other.safetensors", read_text(run / "pytorch_lora_weights.safetensors"));
  fs::remove(scratch / "out" / "<new1>.safetensors");
  refused("kohya", scratch / "out" / "other.safetensors", "--overwrite", "not written by this program");
  REQUIRE_FALSE(fs::exists(scratch / "out" / "<new1>.safetensors"));
  fs::create_directories(scratch / "foreign" / "unet");
  refused("diffusers", scratch / "foreign", "--overwrite", "not written by this program");
  refused("kohya", run / "x.safetensors", "--overwrite", "lies in what --adapters names");
  fs::copy(run, scratch / "another", fs::copy_options::recursive);
  refused("kohya", scratch / "another" / "x.safetensors", "--overwrite", "is a run's or a model's folder");
  refused("kohya", scratch / "x", "", "the name of a .safetensors file");
  refused("diffusers", scratch / "x.safetensors", "", "is a folder");
  refused("kohya", scratch / "x.safetensors", "--rank 1", "leave --rank out");
  refused("merged", scratch / "x.safetensors", "--rank 1", "only for the forms peft and kohya");
  REQUIRE_FALSE(fs::exists(scratch / "x.safetensors"));
}

TEST_CASE("generate refuses a LoRA or a word that does not fit, in one line and before anything is written",
          "[programs][export]") {
  const ScratchFolder scratch;
  const auto at = [&](const std::string& name) { return scratch / name; };
  const std::string layer = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q";
  save_safetensors(at("wide.safetensors"), {{layer + ".lora_down.weight", torch::ones({2, 5})},
                                            {layer + ".lora_up.weight", torch::ones({24, 2})}});
  save_safetensors(at("dora.safetensors"), {{layer + ".dora_scale", torch::ones({24})}});
  save_safetensors(at("word.safetensors"), {{"<new1>", torch::ones({768})}});
  save_safetensors(at("good.safetensors"), {{"emb_params", torch::ones({1, 32})}});
  for (const auto& [more, message] : {std::pair{"--lora " + in_quotes(at("wide.safetensors")), "another base model?"},
                                      {"--lora " + in_quotes(at("dora.safetensors")), "DoRA are not read"},
                                      {"--lora " + in_quotes(at("none.safetensors")), "no such folder"},
                                      {"--lora " + in_quotes(at("wide.safetensors:much")), "not a finite number"},
                                      {"--embedding " + in_quotes(at("word.safetensors")), "has 768 numbers"},
                                      {"--embedding " + in_quotes(at("good.safetensors:a")), "is a token already"}}) {
    const auto done = generate(scratch / "p", more);
    INFO(more << ": " << done.errors);
    REQUIRE(done.code == 2);
    REQUIRE_THAT(done.errors, ContainsSubstring(message));
    REQUIRE(done.error_lines() == 1);
    REQUIRE_FALSE(fs::exists(scratch / "p"));
  }
  const auto done = generate(scratch / "p", "--embedding " + in_quotes(at("good.safetensors")));
  REQUIRE(done.code == 0);
  REQUIRE_THAT(done.errors, ContainsSubstring("no prompt says 'good'"));
}
