// Every policy of each slot under the laws of its slot, and what is particular to it.
#include <opad/adversarial/augmentation/all.hpp>
#include <opad/adversarial/head/all.hpp>
#include <opad/adversarial/objective/all.hpp>
#include <opad/adversarial/regulariser/all.hpp>
#include <opad/coupling/all.hpp>
#include <opad/coupling/collaborative.hpp>
#include <opad/learning_rate/all.hpp>
#include <opad/loss/identity.hpp>
#include <opad/loss/in.hpp>
#include <opad/loss/latent_mse.hpp>
#include <opad/loss/loss_list.hpp>
#include <opad/loss/ms_swd.hpp>
#include <opad/target/full_sampling.hpp>
#include <opad/target/grid.hpp>
#include <opad/target/random_step.hpp>
#include <opad/target/real_images.hpp>
#include <opad/weighting/all.hpp>

#include "laws/coupling.hpp"
#include "laws/loss_term.hpp"
#include "laws/teacher_target.hpp"

using namespace opad;

TEMPLATE_TEST_CASE("Every objective obeys the laws of its slot", "[laws][objective]", CrossEntropy, Hinge,
                   NonSaturating, LeastSquares) {
  laws::objective(TestType{});
}
TEMPLATE_TEST_CASE("Every head obeys the laws of its slot", "[laws][head]", Linear, Mlp, PatchTokens, MultiLayer) {
  laws::head(TestType{});
}
TEMPLATE_TEST_CASE("Every regulariser obeys the laws of its slot", "[laws][regulariser]", NoRegulariser, R1) {
  laws::regulariser(TestType{});
}
TEST_CASE("Every change of pictures obeys the laws of its slot", "[laws][augmentation]") {
  laws::picture_change(ColorJitter{});
  laws::picture_change(Translation{.share = 0.25});
  laws::picture_change(Translation{.share = 0.25, .reflect = true});
  laws::picture_change(Cutout{});
  laws::picture_change(Noise{});
  laws::picture_change(Blur{}, /*draws=*/false);
}
TEST_CASE("Every coupling obeys the laws of its slot", "[laws][coupling]") {
  laws::coupling(Joint{});
  laws::coupling(Sequential{.teacher_share = 0.3});
  laws::coupling(FrozenTeacher{});
  laws::coupling(StudentOnly{});
  laws::coupling(TeacherOnly{});
  laws::coupling(Collaborative<>{});
  laws::coupling(Collaborative<Sequential>{.joint_share = 0.5});
}
TEMPLATE_TEST_CASE("Every weighting obeys the laws of its slot", "[laws][weighting]", AlphaBar, Uniform, MinSnr) {
  laws::weighting(TestType{});
}
TEMPLATE_TEST_CASE("Every learning rate obeys the laws of its slot", "[laws][learning-rate]", Constant, LinearDecay,
                   Cosine) {
  laws::learning_rate(TestType{});
}
TEST_CASE("Every way of resizing obeys the laws of its slot", "[laws][resize]") {
  laws::resize_policy(Area{});
  laws::resize_policy(Bilinear{});
  laws::resize_policy(ZeroPad{}, /*pads=*/true);
  REQUIRE_THROWS_WITH(ZeroPad{}(torch::zeros({1, 3, 8, 8}), 8, 7), ContainsSubstring("8 x 8 does not fit on 8 x 7"));
}
TEST_CASE("Every target obeys the laws of its slot", "[laws][target]") {
  laws::teacher_target(RandomStep{.guidance = 3});
  laws::teacher_target(Grid<10, 1>{.guidance = 3});
  laws::teacher_target(Grid<10, 4>{.guidance = 3});
  laws::teacher_target(FullSampling{.steps = 4, .guidance = 3});
  STATIC_REQUIRE_FALSE(RealImages::needs_teacher);
}

TEST_CASE("Grid takes at most K steps on DDIM's grid of N points", "[target][grid]") {
  static const Observer nobody;
  torch::NoGradGuard no_grad;
  laws::Asked asked;
  const Tensors given{{"target/grid-start", torch::tensor({7}, torch::kInt64)}};
  const Draws draws(Random(2), 0, 0, torch::kCPU, nobody, &given);
  const Tensor t = Grid<10, 4>{}.timestep(asked.question(), draws);
  REQUIRE(t.eq(201).all().item<bool>());  // 901, 801, ..., 201, 101, 1
  SECTION("one step is the prediction at its noise level") {
    REQUIRE(at::allclose(Grid<10, 1>{.guidance = 2}.latent(asked.question(), t),
                         RandomStep{.guidance = 2}.latent(asked.question(), t), 1e-4, 1e-5));
  }
  SECTION("the grid's end is the sampler's end: three steps are left, not four") {
    Grid<10, 4>{}.latent(asked.question(), t);
    REQUIRE(asked.passes.counts().at("teacher-unet").forward == 3);
    Ddim sampler(asked.scheduler, 10);
    const Tensor noisy = asked.teacher.diffusion.add_noise(asked.start, asked.noise, t);
    REQUIRE(at::allclose(Grid<10, 4>{}.latent(asked.question(), t),
                         sample_guided(asked.teacher, sampler, noisy, asked.condition, asked.null_condition, 7.5, 7)));
  }
}

TEST_CASE("Identity is one minus the mean cosine of the tokens", "[loss][identity]") {
  const Tensor x = torch::tensor({1.0, 0.0, 0.0, 2.0}, torch::kFloat64).view({1, 2, 2});  // tokens (1, 0) and (0, 2)
  REQUIRE(Identity{}(x, 3 * x).item<double>() == Approx(0).margin(1e-12));
  REQUIRE(Identity{}(x, x.flip({1})).item<double>() == Approx(1));
  REQUIRE(Identity{}(x, -x).item<double>() == Approx(2));
  laws::loss_term(Identity{}, {3, 4, 8});
}

TEST_CASE("A term in another space is the same term there", "[loss][in]") {
  using Raw = In<Pixel, MsSwd>;
  STATIC_REQUIRE(LossTerm<Raw>);
  STATIC_REQUIRE(std::same_as<Raw::space, Pixel>);
  STATIC_REQUIRE(std::same_as<decltype(loss_list(LatentMse{}, Raw{}).without<MsSwd>()), LossList<LatentMse>>);
  laws::loss_term(Raw{{.projections = 3, .levels = 1, .patch = 3}}, {2, 3, 9, 8});
  std::string members;
  hana::for_each(hana::accessors<Raw>(),
                 [&](auto accessor) { members += std::string(hana::first(accessor).c_str()) + " "; });
  REQUIRE(members == "weight projections levels patch ");
  Raw term;
  hana::second(hana::at_c<0>(hana::accessors<Raw>()))(term) = 0.5;
  REQUIRE(term.weight == 0.5);
}

TEST_CASE("R1 of a linear head is its squared weights", "[adversarial][r1]") {
  auto stream = Random(1).stream("head");
  const auto head = Linear{}.build(1, 3, 1, stream);
  const double squared = head->named_parameters()["0.weight"].square().sum().item<double>();
  const auto judge = [&](const Tensor& features) { return head->forward(features); };
  REQUIRE(R1{.gamma = 3}.penalty(judge, stream.normal({5, 1, 3})).item<double>() ==
          Approx(1.5 * squared).epsilon(1e-5));
  REQUIRE_THROWS_AS(R1{.gamma = -1}.penalty(judge, torch::ones({1, 1, 3})), Error);
}

TEST_CASE("Augmentation changes pictures in order, each change by its own stream", "[adversarial][augmentation]") {
  const Tensor image = torch::ones({1, 3, 8, 8});
  std::vector<std::string> asked;
  const auto streams = [&](std::string_view name) {
    asked.emplace_back(name);
    return Random(1).stream(name);
  };
  const auto chain = augment(Noise{.sigma = 0}, Cutout{.share = 2.0 / 8}, Translation{.share = 0});
  const Tensor cut = chain(image, streams);
  REQUIRE(asked == std::vector<std::string>{"noise", "cutout", "translation"});
  REQUIRE(cut.eq(0).sum().item<std::int64_t>() % 3 == 0);
  REQUIRE(cut.eq(0).sum().item<std::int64_t>() <= 12);
  REQUIRE(at::equal(augment()(image, streams), image));
}

TEST_CASE("Blur takes away what is finer than two pixels", "[adversarial][augmentation]") {
  auto stream = Random(1).stream("blur");
  Tensor stripes = torch::ones({1, 3, 8, 8});
  stripes.slice(3, 0, 8, 2).fill_(-1);
  REQUIRE(Blur{}(stripes, stream).abs().max().item<double>() < 1e-6);
}
