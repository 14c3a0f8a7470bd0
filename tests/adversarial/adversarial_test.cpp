#include <torch/autograd.h>

#include <opad/adversarial/augmentation/all.hpp>
#include <opad/adversarial/head/all.hpp>
#include <opad/adversarial/objective/all.hpp>
#include <opad/adversarial/regulariser/all.hpp>

#include "support/catch.hpp"

using namespace opad;

TEMPLATE_TEST_CASE("Each objective pays the student for real-looking logits and the critic for telling apart",
                   "[adversarial][objective]", CrossEntropy, Hinge, NonSaturating, LeastSquares) {
  const TestType objective;
  // logits that say "real" and "fake": class 1 of two, or one large or small number
  const auto says = [](double x) {
    return TestType::outputs == 2 ? torch::tensor({{-x, x}}, torch::kFloat64) : torch::tensor({{x}}, torch::kFloat64);
  };
  REQUIRE(objective.student(says(1)).template item<double>() < objective.student(says(-1)).template item<double>());
  REQUIRE(objective.real(says(1)).template item<double>() < objective.real(says(-1)).template item<double>());
  REQUIRE(objective.fake(says(0)).template item<double>() < objective.fake(says(1)).template item<double>());
  const auto logits = says(0.3).requires_grad_();
  const auto gradient = torch::autograd::grad({objective.student(logits)}, {logits})[0];
  const double h = 1e-6, direction = TestType::outputs == 2 ? (gradient[0][1] - gradient[0][0]).template item<double>()
                                                            : gradient.template item<double>();
  REQUIRE(
      direction ==
      Approx((objective.student(says(0.3 + h)) - objective.student(says(0.3 - h))).template item<double>() / (2 * h))
          .epsilon(1e-5));
}

TEST_CASE("Objectives by hand", "[adversarial][objective]") {
  const auto at_zero2 = torch::zeros({3, 2}, torch::kFloat64), at_zero1 = torch::zeros({3, 1}, torch::kFloat64);
  const auto is = [](const Tensor& losses, double want) {
    REQUIRE(losses.sizes() == at::IntArrayRef{3});
    REQUIRE(at::allclose(losses, torch::full({3}, want, torch::kFloat64)));
  };
  is(CrossEntropy{}.student(at_zero2), std::log(2)), is(CrossEntropy{}.real(at_zero2), std::log(2)),
      is(CrossEntropy{}.fake(at_zero2), std::log(2));
  is(Hinge{}.student(at_zero1 + 2), -2), is(Hinge{}.real(at_zero1 + 2), 0), is(Hinge{}.fake(at_zero1 - 0.5), 0.5);
  is(NonSaturating{}.student(at_zero1), std::log(2)), is(NonSaturating{}.fake(at_zero1), std::log(2));
  is(LeastSquares{}.student(at_zero1), 1), is(LeastSquares{}.real(at_zero1 + 1), 0),
      is(LeastSquares{}.fake(at_zero1 + 2), 4);
  // a head that judges each of four patches: the mean over them, for each picture
  is(LeastSquares{}.fake(torch::tensor({1.0, -1.0, 3.0, 1.0}, torch::kFloat64).view({1, 4, 1}).expand({3, 4, 1})), 3);
}

TEST_CASE("A head is a perceptron of its own initial values", "[adversarial][head]") {
  auto stream = Random(1).stream("head");
  const auto head = Mlp{.hidden = 5}.build(2, 3, 2, stream);
  const auto p = head->named_parameters();
  REQUIRE(p["0.weight"].sizes() == at::IntArrayRef{5, 6});
  REQUIRE(p["2.bias"].sizes() == at::IntArrayRef{2});
  REQUIRE(p["0.weight"].abs().max().item<double>() <= 1 / std::sqrt(6.0));
  const auto x = torch::randn({4, 2, 3});
  const auto want =
      at::linear(at::relu(at::linear(x.flatten(1), p["0.weight"], p["0.bias"])), p["2.weight"], p["2.bias"]);
  REQUIRE(at::allclose(head->forward(x), want));
  REQUIRE_THROWS_AS(Mlp{.hidden = 0}.build(2, 3, 2, stream), Error);
  REQUIRE(Linear{}.build(2, 3, 1, stream)->forward(x).sizes() == at::IntArrayRef{4, 1});
}

TEST_CASE("Normalised tokens have one length, whatever their size was", "[adversarial][head]") {
  const auto features = torch::randn({4, 2, 3}, torch::kFloat64), tokens = normalised_tokens(features);
  REQUIRE(at::allclose(tokens.norm(2, -1), torch::full({4, 2}, std::sqrt(3.0), torch::kFloat64)));
  REQUIRE(at::allclose(normalised_tokens(7 * features), tokens));
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

TEST_CASE("The gradient penalty of a linear head is how far the length of its weights is from the target",
          "[adversarial]") {
  auto stream = Random(1).stream("head");
  const auto head = Linear{}.build(1, 3, 1, stream);
  const double length = head->named_parameters()["0.weight"].norm().item<double>();
  const auto judge = [&](const Tensor& features) { return head->forward(features); };
  const Tensor real = stream.normal({5, 1, 3}), fake = stream.normal({5, 1, 3});
  const auto penalty = [&](const GradientPenalty& of, const Judge& by) {
    auto random = Random(2).stream("mixture");
    return of.penalty(by, real, fake, random);
  };
  REQUIRE(penalty({.gamma = 3, .target = 0.5}, judge).item<double>() ==
          Approx(3 * (length - 0.5) * (length - 0.5)).epsilon(1e-5));
  // it asks between the two pictures
  Tensor seen;
  penalty({}, [&](const Tensor& features) { return seen = features, judge(features); });
  const Tensor share = (seen - fake) / (real - fake);
  REQUIRE(at::allclose(share, share.narrow(2, 0, 1).expand_as(share), 1e-3, 1e-3));
  REQUIRE((share.min().item<double>() > -1e-3 && share.max().item<double>() < 1 + 1e-3));
  // a head that ignores its features
  const Tensor ignored = penalty({}, [](const Tensor& features) { return features * 0; });
  REQUIRE(ignored.item<double>() == Approx(10));
  REQUIRE_THROWS_AS(penalty({.gamma = -1}, judge), Error);
  REQUIRE_THROWS_AS(penalty({.target = -1}, judge), Error);
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
