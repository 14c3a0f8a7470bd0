// Recipes as a whole: what an iteration costs, which draws they share, and the couplings, texts, critics and adapters
// in use.
#include <opad/adapter/lora.hpp>
#include <opad/adapter/tokens_only.hpp>
#include <opad/adversarial/augmentation/all.hpp>
#include <opad/adversarial/head/all.hpp>
#include <opad/adversarial/objective/all.hpp>
#include <opad/adversarial/regulariser/all.hpp>
#include <opad/adversarial/vsd.hpp>
#include <opad/average/all.hpp>
#include <opad/coupling/all.hpp>
#include <opad/encoder/all.hpp>
#include <opad/recipe/presets/all.hpp>
#include <opad/recipe/row.hpp>
#include <opad/target/real_images.hpp>
#include <opad/train/explain.hpp>
#include <opad/words/all.hpp>

#include "support/catch.hpp"
#include "support/tiny_world.hpp"

using namespace opad;

namespace {

/// MS-SWD's five levels need pictures of 81 pixels; the tests' have 64.
template <class Recipe>
void fit_levels(Policies<Recipe>& slots) {
  hana::for_each(slots.losses.terms, [](auto& term) {
    if constexpr (requires { term.levels; }) term.levels = 2, term.projections = 8;
  });
}
template <class Recipe>
std::map<std::string, Passes::Count> passes() {
  TinyRun<Recipe> run({.steps = 4}, fit_levels<Recipe>);
  return explain(*run.trainer, run.world, run.data->batch(0, 2), {.steps = 4}).back().passes;
}

/// Every draw of two iterations, by name and iteration.
template <class Recipe>
std::map<std::string, Tensor> draws() {
  TinyRun<Recipe> run({.steps = 4}, fit_levels<Recipe>);
  std::map<std::string, Tensor> seen;
  std::int64_t iteration = 0;
  run.trainer->observe([&](const std::string& name, const Tensor& value) {
    if (name.starts_with("draw.")) seen[c10::str(iteration, " ", name.substr(5))] = value.clone();
  });
  for (; iteration < 2; ++iteration) run.iterate(iteration);
  return seen;
}

/// How many draws two recipes share; each must be the same.
std::int64_t shared(const std::map<std::string, Tensor>& a, const std::map<std::string, Tensor>& b) {
  std::int64_t count = 0;
  for (const auto& [name, value] : a) {
    const auto found = b.find(name);
    if (found == b.end()) continue;
    INFO(name << " in one recipe: " << value << ", in the other: " << found->second);
    REQUIRE(at::equal(value, found->second));
    ++count;
  }
  return count;
}

struct Direct : Default {
  static std::string name() { return "direct"; }
  static auto losses() { return loss_list(); }
  static auto critics() { return critic_list(); }
  static auto coupling() { return StudentOnly{}; }
  static auto student_adapter() { return TokensOnly{}; }
};
struct Unlike : Default {  // everything that the presets are not
  static std::string name() { return "unlike"; }
  static auto losses() { return loss_list(LatentMse{}); }
  static auto critics() {
    return critic_list(
        Critic{.eye = Patches<Dino>{},
               .head = PatchTokens{.hidden = 8},
               .objective = Hinge{},
               .weight = 0.1,
               .warmup = 3,
               .augmentation = augment(ColorJitter{}, Translation{}, Cutout{}),
               .regulariser = R1{}},
        Critic{.eye = Layers<Dino, 0, -1>{}, .head = MultiLayer{.hidden = 8}, .objective = LeastSquares{}},
        Vsd<Lora<4>>{});
  }
  static auto real() { return Photographs{.canvas = false, .through_vae = true}; }
  static auto target() { return RealImages{}; }
  static auto words() { return SeparateTextEncoders{}; }
  static auto student_adapter() { return CustomDiffusion<QueryKeyValueOut>{}; }
  static auto average() { return Ema{.decay = 0.5}; }
};

}  // namespace

TEST_CASE("An iteration of a recipe costs these passes and no other", "[train][passes]") {
  using Passed = std::map<std::string, Passes::Count>;
  SECTION("Default: the identity encoder sees x̂ once, for its loss, for its critic and for the critic's own step") {
    REQUIRE(passes<Default>() == Passed{{"teacher-unet", {2, 1}},
                                        {"student-unet", {1, 1}},
                                        {"text-encoder", {1, 1}},
                                        {"vae-encoder", {1, 0}},
                                        {"vae-decoder", {2, 1}},
                                        {"dino", {2, 1}},
                                        {"identity-encoder", {3, 1}}});
  }
  SECTION("Release: twice, since it is resized differently for loss and critic") {
    REQUIRE(passes<Release>() == Passed{{"teacher-unet", {2, 1}},
                                        {"student-unet", {1, 1}},
                                        {"text-encoder", {1, 1}},
                                        {"vae-encoder", {1, 0}},
                                        {"vae-decoder", {2, 1}},
                                        {"dino", {2, 1}},
                                        {"dinov2", {2, 1}},
                                        {"identity-encoder", {4, 2}}});
  }
  SECTION("without pixel spaces nothing is decoded, and without the target's nothing of the target") {
    using Latents = Only<Without<Default, Adversarial>, LatentMse>;
    REQUIRE(
        passes<Latents>() ==
        Passed{{"teacher-unet", {2, 1}}, {"student-unet", {1, 1}}, {"text-encoder", {1, 1}}, {"vae-encoder", {1, 0}}});
    REQUIRE(passes<Only<Default, LatentMse>>().at("vae-decoder") == Passes::Count{1, 1});
  }
  SECTION("the student alone never touches a teacher") {
    REQUIRE(passes<Direct>() == Passed{{"student-unet", {1, 1}}, {"text-encoder", {1, 1}}, {"vae-encoder", {1, 0}}});
  }
  SECTION("critics that look differently, VSD, real pictures through the VAE") {
    REQUIRE(passes<Unlike>() == Passed{{"teacher-unet", {2, 1}},
                                       {"student-unet", {1, 1}},
                                       {"fake-score-unet", {2, 1}},
                                       {"text-encoder", {2, 2}},
                                       {"vae-encoder", {2, 0}},
                                       {"vae-decoder", {2, 1}},
                                       {"dino", {4, 2}}});
  }
}

TEST_CASE("Any two recipes of the presets see the same in every draw that they share", "[train][paired]") {
  const auto standard = draws<Default>(), release = draws<Release>(), paper = draws<Paper>(),
             critics_alone = draws<Without<Default, Alignment>>(), unlike = draws<Unlike>(), direct = draws<Direct>();
  REQUIRE(standard.contains("1 noise"));
  REQUIRE(standard.contains("1 loss/ms-swd"));
  // noise, posterior and time step of the teacher's step, time step of the target, projections: twice
  REQUIRE(shared(standard, release) == 10);
  REQUIRE(shared(standard, critics_alone) >= 6);
  REQUIRE(shared(standard, paper) == 8);
  REQUIRE(shared(release, paper) == 8);
  REQUIRE(shared(standard, unlike) ==
          10);  // and where Dino's picture is shifted to, for both kinds of pictures, but not how the teacher is asked
  REQUIRE(shared(release, direct) == 6);
  REQUIRE(shared(unlike, release) == 6);
  REQUIRE_FALSE(at::equal(standard.at("0 noise"), standard.at("1 noise")));
}

TEST_CASE("Every part of an unusual recipe trains, and resumes bit for bit", "[train]") {
  TinyRun<Unlike> one, two;
  const Tensors before = one.copy();
  one.iterate(0);
  const Tensors saved = one.copy();
  for (const std::string moved :
       {"teacher.value.token_rows", "student.value.token_rows",
        "student.value.mid_block.attentions.0.transformer_blocks.0.attn2.processor.to_q_custom_diffusion.weight",
        "critic.dino.value.0.weight", "critic.dino#2.value.2.weight",
        "critic.vsd.value.unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_v.lora_B.weight",
        "average.token_rows"}) {
    INFO(moved);
    REQUIRE(before.contains(moved));
    REQUIRE_FALSE(at::equal(before.at(moved), saved.at(moved)));
  }
  REQUIRE_FALSE(at::equal(saved.at("teacher.value.token_rows"), saved.at("student.value.token_rows")));
  one.iterate(1);
  two.trainer->load_state(saved, "saved");
  two.iterate(1);
  REQUIRE(same(one.copy(), two.copy()));
  // the average is what is kept
  const std::string
      weight = "average.mid_block.attentions.0.transformer_blocks.0.attn2.processor.to_k_custom_diffusion.weight",
      value = "student.value." + weight.substr(8);
  const Tensors now = one.copy();
  {
    const Trainer::Kept kept(*one.trainer);
    REQUIRE(at::equal(one.trainer->state().at(value), now.at(weight)));
  }
  REQUIRE(same(one.copy(), now));
}

TEST_CASE("The student alone learns words by the ordinary denoising loss", "[train][student-only]") {
  TinyRun<Direct> run;
  const Tensors before = run.copy();
  const Metrics metrics = run.iterate(0);
  REQUIRE(metrics.front().first == "denoising");
  REQUIRE(before.size() == 4);  // the new row and its moments
  REQUIRE_FALSE(at::equal(before.at("student.value.token_rows"), run.copy().at("student.value.token_rows")));
  REQUIRE(run.world.teacher == nullptr);
}

TEST_CASE("The adversarial weight rises over the warm-up", "[train][critic]") {
  struct Warm : Only<Default, Dino> {};
  const auto total = [](std::int64_t warmup, std::int64_t iteration) {
    TinyRun<Warm> run({.steps = 4}, [&](auto& slots) {
      fit_levels<Warm>(slots);
      hana::front(slots.critics.critics).weight = 2, hana::front(slots.critics.critics).warmup = warmup;
    });
    double adversarial = 0, rest = 0, student = 0;
    for (const auto& [name, value] : run.iterate(iteration)) {
      if (name == "adversarial.dino") adversarial = value.template item<double>();
      else if (name == "latent-mse" || name == "identity" || name == "ms-swd") rest += value.template item<double>();
      else if (name == "student") student = value.template item<double>();
    }
    return (student - rest) / adversarial;
  };
  REQUIRE(total(0, 0) == Approx(2).epsilon(1e-3));
  REQUIRE(total(3, 0) == Approx(0.5).epsilon(1e-3));
  REQUIRE(total(3, 2) == Approx(1.5).epsilon(1e-3));
}

TEST_CASE("The released script's table decays, and its last token of several stays as it is", "[train][release]") {
  const ReleasedTable tokens;
  const Tensor gradient = torch::ones({2, 3});
  REQUIRE(at::equal(tokens.select(gradient), torch::tensor({{1.f, 1.f, 1.f}, {0.f, 0.f, 0.f}})));
  REQUIRE(at::equal(tokens.select(gradient.narrow(0, 0, 1)), gradient.narrow(0, 0, 1)));
  TinyRun<Release> run({.steps = 4}, fit_levels<Release>);
  const Tensor before = run.world.text_encoder->token_table().clone();
  run.iterate(0);
  REQUIRE(at::allclose(run.world.text_encoder->token_table(), before * (1 - 1e-3 * 1e-2), 1e-6, 0));
  REQUIRE(tokens.initial_id(run.world.tokenizer, "corgi") == run.world.tokenizer.eos_token_id());
}

TEST_CASE("Derived recipes change what they name and nothing else", "[train][derived]") {
  STATIC_REQUIRE(std::same_as<decltype(Without<Paper, Identity>::losses()), LossList<LatentMse, Lpips>>);
  STATIC_REQUIRE(
      std::same_as<decltype(Without<Release, MsSwd>::losses()), decltype(Release::losses().without<MsSwd>())>);
  STATIC_REQUIRE(decltype(Without<Paper, Adversarial>::critics())::empty);
  STATIC_REQUIRE(decltype(Without<Paper, Alignment>::losses())::empty);
  STATIC_REQUIRE(decltype(Without<Paper, DinoV2>::critics())::contains<Dino>);
  STATIC_REQUIRE_FALSE(decltype(Without<Paper, DinoV2>::critics())::contains<DinoV2>);
  STATIC_REQUIRE(decltype(Only<Paper, Dino>::losses())::contains<Lpips>);
  STATIC_REQUIRE(std::same_as<decltype(Replace<Release, MsSwd, Lpips>::losses()),
                              decltype(Release::losses().replace<MsSwd>(Lpips{}))>);
  STATIC_REQUIRE(std::same_as<decltype(Replace<Default, Joint, Sequential>::coupling()), Sequential>);
  STATIC_REQUIRE(std::same_as<decltype(With<Paper, MsSwd>::losses()), LossList<LatentMse, Identity, Lpips, MsSwd>>);
  REQUIRE(Without<Paper, Adversarial>::name() == "paper-without-adversarial");
  REQUIRE(Replace<Default, Joint, Sequential>::name() == "default-with-sequential-for-joint");
  REQUIRE(Without<Paper, Adversarial>::preset() == "paper");
  std::vector<std::string> names;
  hana::for_each(hana::concat(without_each<Paper, LatentMse, Adversarial>, only_each<Paper, DinoV2>),
                 [&](auto row) { names.push_back(decltype(row)::type::name()); });
  REQUIRE(names ==
          std::vector<std::string>{"paper-without-latent-mse", "paper-without-adversarial", "paper-only-dinov2"});
}
