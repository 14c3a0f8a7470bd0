#include <opad/data/concept_dataset.hpp>
#include <opad/train/trainer.hpp>

#include "support/catch.hpp"

using namespace opad;

namespace {

const std::filesystem::path tiny = OPAD_SOURCE_DIR "/models/tiny";

struct OnlyAlignment : Default {
  static std::string name() { return "only-alignment"; }
  static auto critics() { return critic_list(); }
};
struct Frozen : Default {
  static std::string name() { return "frozen"; }
  static auto coupling() { return FrozenTeacher{}; }
};
struct TwoSteps : Default {
  static std::string name() { return "two-steps"; }
  static auto student() { return StudentSampler{.steps = 2}; }
};

/// A recipe on the tiny models, with its data: pictures of noise at 64 pixels.
template <class Recipe>
struct Setup {
  World world = World::load(tiny / "teacher", tiny / "student");
  std::shared_ptr<TokenRows> rows;
  Random random{7};
  std::optional<ConceptDataset> data;
  std::optional<Trainer<Recipe>> trainer;

  explicit Setup(TrainerOptions options = {.steps = 4}) {
    world.networks.template put<Dino>(Dino::load(tiny / "dino"));
    rows = std::make_shared<TokenRows>(TokenRows::from_initializers(world.tokenizer, world.text_encoder->token_table(), {"<new1>"}, {"dog"}));
    ConceptData pictures{.pictures = {}, .instance_prompt = "<new1> dog"};
    for (int i = 0; i < 3; ++i) pictures.pictures.push_back((random.stream("picture", i).uniform({40, 50, 3}) * 255).to(torch::kUInt8));
    data.emplace(pictures, DatasetOptions{.resolution = 64, .vae_factor = 8}, random);
    Policies<Recipe> slots;
    slots.teacher_optimiser.learning_rate = slots.student_optimiser.learning_rate = slots.critic_optimiser.learning_rate = 1e-3;
    trainer.emplace(world, slots, rows, random, options);
  }
  Metrics iterate(std::int64_t iteration) { return trainer->iterate(iteration, {data->batch(iteration, 2)}); }
  Tensors copy() const {
    Tensors out;
    for (const auto& [name, t] : trainer->state()) out[name] = t.clone();
    return out;
  }
};

bool same(const Tensors& a, const Tensors& b, const std::string& prefix = "") {
  for (const auto& [name, t] : a)
    if (name.starts_with(prefix) && !(b.contains(name) && at::equal(t, b.at(name)))) return false;
  return a.size() == b.size() || !prefix.empty();
}

}  // namespace

TEST_CASE("Training from a saved state equals training on, bit for bit", "[train][resume]") {
  Setup<Default> one, two;
  for (int i = 0; i < 2; ++i) one.iterate(i);
  const Tensors saved = one.copy();
  one.iterate(2);
  two.trainer->load_state(saved, "saved");
  two.iterate(2);
  REQUIRE(same(one.copy(), two.copy()));
  REQUIRE_FALSE(same(saved, two.copy()));
  Tensors incomplete = saved;
  incomplete.erase(incomplete.begin());
  REQUIRE_THROWS_AS(two.trainer->load_state(incomplete, "saved"), Error);
}

TEST_CASE("Leaving the critics out changes nothing that the teacher sees", "[train][paired]") {
  Setup<Default> with;
  Setup<OnlyAlignment> without;
  for (int i = 0; i < 2; ++i) with.iterate(i), without.iterate(i);
  REQUIRE(same(with.copy(), without.copy(), "teacher."));
  REQUIRE_FALSE(same(with.copy(), without.copy(), "student."));
}

TEST_CASE("Everything that a joint recipe trains moves, and nothing else", "[train][joint]") {
  Setup<Default> s;
  const Tensors before = s.copy();
  const Tensor table = s.world.text_encoder->token_table().clone(), frozen = s.world.student->conv_in->weight.clone();
  s.iterate(0);
  for (const auto& [name, t] : s.copy()) {
    INFO(name);
    REQUIRE_FALSE(at::equal(t, before.at(name)));
  }
  REQUIRE(at::equal(table, s.world.text_encoder->token_table()));
  REQUIRE(at::equal(frozen, s.world.student->conv_in->weight));
}

TEST_CASE("A frozen teacher stays as it is", "[train][frozen]") {
  Setup<Frozen> s;
  const Tensors before = s.copy();
  const auto teacher = s.world.teacher->parameters();
  std::vector<Tensor> copies;
  for (const auto& p : teacher) copies.push_back(p.clone());
  const Tensor rows = s.rows->rows().detach().clone();
  s.iterate(0);
  for (std::size_t i = 0; i < teacher.size(); ++i) REQUIRE(at::equal(teacher[i], copies[i]));
  REQUIRE(at::equal(rows, s.rows->rows()));
  REQUIRE(std::none_of(before.begin(), before.end(), [](const auto& item) { return item.first.starts_with("teacher."); }));
  REQUIRE_FALSE(same(before, s.copy()));
}

TEST_CASE("An iteration costs exactly the passes that its recipe names", "[train][passes]") {
  using Count = Passes::Count;
  SECTION("joint, latent alignment, one critic") {
    Setup<Default> s;
    s.world.networks.passes().clear();
    s.iterate(0);
    REQUIRE(s.world.networks.passes().counts() == std::map<std::string, Count>{{"teacher-unet", {2, 1}}, {"student-unet", {1, 1}}, {"vae-encoder", {1, 0}},
                                                                             {"vae-decoder", {1, 1}}, {"dino", {2, 1}}, {"text-encoder", {1, 1}}});
  }
  SECTION("without critics nobody looks at a picture") {
    Setup<OnlyAlignment> s;
    s.world.networks.passes().clear();
    s.iterate(0);
    REQUIRE_FALSE(s.world.networks.passes().counts().contains("vae-decoder"));
  }
  SECTION("two steps of the student") {
    Setup<TwoSteps> s;
    s.world.networks.passes().clear();
    s.iterate(0);
    REQUIRE(s.world.networks.passes().counts().at("student-unet") == Count{2, 2});
  }
}

TEST_CASE("Accumulated micro-batches have the gradient of their mean", "[train][accumulation]") {
  Setup<OnlyAlignment> one({.steps = 4, .accumulation = 2});
  const auto metrics = one.trainer->iterate(0, {one.data->batch(0, 1), one.data->batch(1, 1)});
  const auto names = one.trainer->metric_names();
  for (const auto& [name, value] : metrics) {
    INFO(name);
    REQUIRE(std::find(names.begin(), names.end(), name) != names.end());
    REQUIRE(at::isfinite(value).item<bool>());
  }
  REQUIRE(std::count_if(metrics.begin(), metrics.end(), [](const auto& m) { return m.first == "teacher"; }) == 2);
  REQUIRE(std::count_if(metrics.begin(), metrics.end(), [](const auto& m) { return m.first == "gradient-norm.teacher"; }) == 1);
  REQUIRE_THROWS_AS(one.trainer->iterate(1, {one.data->batch(0, 1)}), Error);
}
