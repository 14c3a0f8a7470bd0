#pragma once
/// The laws that every critic and every policy of real pictures obeys (adversarial/adversarial.hpp, real/real.hpp).
#include <torch/autograd.h>

#include <opad/recipe/presets/default.hpp>

#include "support/catch.hpp"
#include "support/tiny_world.hpp"

namespace laws {

/// A recipe with one critic alone, and its real pictures.
template <opad::AdversarialCritic C, opad::RealPictures R = opad::Photographs>
struct Judged : opad::Default {
  static auto losses() { return opad::loss_list(); }
  static auto critics() { return opad::critic_list(C{}); }
  static auto real() { return R{}; }
};

/// The models of such a recipe, and the table of an iteration with pictures of noise in it, two samples.
template <class Recipe>
struct Judgement {
  using Policies = opad::Policies<Recipe>;
  opad::World world =
      opad::World::load(opad::parts_of_training(tiny_models / "teacher", tiny_models / "student", true, false));
  opad::Random random{5};
  opad::Observer nobody;
  opad::Denoiser teacher{"teacher-unet", world.teacher, opad::Diffusion(world.teacher_scheduler),
                         &world.networks.passes()};
  opad::Table table{world.networks, opad::Draws(random, 2, 0, torch::kCPU, nobody), nobody};
  opad::Iteration<Policies> iteration{table};
  opad::Tensor latent, photographs, answers;

  Judgement() {
    opad::for_each_backbone(opad::viewers(Policies{}), [&](auto backbone) {
      using B = typename decltype(backbone)::type;
      world.networks.template put<B>(B::load(tiny_models / std::string(B::name)));
    });
    const std::int64_t side = 64 / world.networks.downscale(), channels = world.networks.vae_config().latent_channels,
                       width = world.text_encoder->config.hidden_size;
    latent = random.stream("latent").normal({2, channels, side, side}).requires_grad_();
    photographs = random.stream("photographs").uniform({2, 3, 64, 64}) * 2 - 1;
    answers = random.stream("answers").uniform({2, 3, 64, 64}) * 2 - 1;
    table.student.set<opad::Latent>(latent);
    table.condition = random.stream("condition").normal({2, 77, width});
    table.null_condition = random.stream("null").normal({1, 77, width});
    table.omega = torch::tensor({0.25f, 0.75f});
  }
  opad::Workshop workshop() { return {random, world.networks, &teacher, torch::kCPU, 64}; }
};

/// What trains is made from the critic and the run's random numbers alone; the student's loss leads to the student's
/// picture and the own loss to the critic's parameters, both finite numbers; the weight rises to the critic's over the
/// warm-up and stays.
template <opad::AdversarialCritic C>
void critic(C critic) {
  using namespace opad;
  Judgement<Judged<C>> scene;
  scene.table.real.template set<Pixel>(scene.photographs);
  scene.table.real.template set<Latent>(scene.random.stream("real").normal(scene.latent.sizes()));
  const typename C::State state(critic, "critic", scene.workshop()), again(critic, "critic", scene.workshop());
  const NamedTensors parameters = state.parameters(), same = again.parameters();
  REQUIRE_FALSE(parameters.empty());
  REQUIRE(std::equal(parameters.begin(), parameters.end(), same.begin(), same.end(), [](const auto& a, const auto& b) {
    return a.first == b.first && at::equal(a.second, b.second) && !a.second.is_same(b.second);
  }));
  std::vector<Tensor> leaves;
  for (const auto& [name, p] : parameters) {
    REQUIRE((p.requires_grad() && p.is_leaf()));
    leaves.push_back(p);
  }

  const auto is_a_loss = [](const Tensor& loss) {
    REQUIRE(loss.dim() == 0);
    REQUIRE(at::isfinite(loss).template item<bool>());
  };
  {
    torch::NoGradGuard no_grad;  // a second teacher that has learned nothing finds nothing to say
    Stream away = scene.random.stream("away");
    for (Tensor& p : leaves) p.add_(0.01 * away.normal(p.sizes()));
  }
  const Tensor for_student = state.student_loss(scene.iteration);
  is_a_loss(for_student);
  const Tensor gradient = torch::autograd::grad({for_student}, {scene.latent}, {}, /*retain_graph=*/true)[0];
  REQUIRE((gradient.flatten(1).abs().amax(1) > 0).all().template item<bool>());

  const Tensor own = state.own_loss(scene.iteration);
  is_a_loss(own);
  double largest = 0;
  for (const Tensor& g : torch::autograd::grad({own}, leaves, {}, /*retain_graph=*/true, false, /*allow_unused=*/true))
    if (g.defined()) largest = std::max(largest, g.abs().max().template item<double>());
  REQUIRE(largest > 0);
  REQUIRE_FALSE(torch::autograd::grad({own}, {scene.latent}, {}, false, false, /*allow_unused=*/true)[0].defined());

  critic.weight = 2, critic.warmup = 3;
  const typename C::State rising(critic, "critic", scene.workshop());
  for (std::int64_t age = 0; age < 6; ++age)
    REQUIRE(rising.weight(age) == Approx(2 * std::min(1.0, static_cast<double>(age + 1) / 4)));
  critic.warmup = -1;
  REQUIRE_THROWS_AS((typename C::State(critic, "critic", scene.workshop())), Error);
}

/// As many pictures as there are photographs, of their shape, without gradient, the same when asked again, each of one
/// sample; the teacher's answers are looked at exactly when it says so; a weight is one number >= 0 for each.
template <opad::RealPictures R>
void real_pictures(const R& real) {
  using namespace opad;
  torch::NoGradGuard no_grad;
  using Eye = Critic<Dino, Linear, CrossEntropy>;
  Judgement<Judged<Eye, R>> scene;
  const auto shown = [&](const Tensor& photographs, const Tensor& answers) {
    Table table = scene.table;
    Iteration<typename Judgement<Judged<Eye, R>>::Policies> iteration(table);
    bool asked = false;
    table.photographs.template set<Pixel>(photographs);
    table.whole = photographs;
    table.target.template set<Pixel>([&]() -> Tensor { return asked = true, answers; });
    const Tensor pictures = real(iteration);
    REQUIRE(asked == R::from_teacher);
    return pictures;
  };
  const Tensor pictures = shown(scene.photographs, scene.answers);
  REQUIRE(pictures.sizes() == scene.photographs.sizes());
  REQUIRE(at::isfinite(pictures).all().template item<bool>());
  REQUIRE_FALSE(pictures.requires_grad());
  REQUIRE(at::equal(shown(scene.photographs, scene.answers), pictures));
  Tensor photographs = scene.photographs.clone(), answers = scene.answers.clone();
  photographs[1] *= 0.5, answers[1] *= 0.5;
  const Tensor other = shown(photographs, answers);
  REQUIRE(at::allclose(other[0], pictures[0], 1e-4, 1e-5));
  REQUIRE_FALSE(at::allclose(other[1], pictures[1], 1e-4, 1e-5));
  if constexpr (requires { real.weight(scene.iteration); }) {
    const Tensor weight = real.weight(scene.iteration);
    REQUIRE(weight.sizes() == at::IntArrayRef{2});
    REQUIRE((weight >= 0).all().template item<bool>());
  }
}

}  // namespace laws
