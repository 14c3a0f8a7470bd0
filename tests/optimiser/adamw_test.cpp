#include <opad/core/random.hpp>
#include <opad/optimiser/adamw.hpp>
#include <opad/optimiser/clip_gradient_norm.hpp>

#include "support/catch.hpp"

using namespace opad;

namespace {
NamedTensors two_parameters() {
  auto s = Random(1).stream("parameters");
  return {{"a", s.normal({3, 2}).requires_grad_()}, {"b", s.normal({4}).requires_grad_()}};
}
}  // namespace

TEST_CASE("AdamW follows its definition", "[train][adamw]") {
  const AdamW options{.learning_rate = 0.01, .beta1 = 0.8, .beta2 = 0.9, .eps = 1e-6, .weight_decay = 0.1};
  auto parameters = two_parameters();
  AdamW::State state(options, parameters);
  std::vector<Tensor> want, m, v;
  for (auto& [name, p] : parameters) {
    want.push_back(p.detach().to(torch::kFloat64).clone());
    m.push_back(at::zeros_like(want.back()));
    v.push_back(at::zeros_like(want.back()));
  }
  for (int t = 1; t <= 3; ++t) {
    const double factor = t == 2 ? 0.5 : 1.0;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      Tensor& p = parameters[i].second;
      p.mutable_grad() = p.detach() * 0.5 + t;
      const Tensor g = p.grad().to(torch::kFloat64);
      m[i] = 0.8 * m[i] + 0.2 * g;
      v[i] = 0.9 * v[i] + 0.1 * g * g;
      const double rate = 0.01 * factor;
      want[i] = want[i] * (1 - rate * 0.1) -
                rate * (m[i] / (1 - std::pow(0.8, t))) / ((v[i] / (1 - std::pow(0.9, t))).sqrt() + 1e-6);
    }
    state.step(factor);
    for (std::size_t i = 0; i < parameters.size(); ++i)
      REQUIRE(at::allclose(parameters[i].second.detach().to(torch::kFloat64), want[i], 1e-5, 1e-6));
  }
}

TEST_CASE("A parameter without a gradient still decays", "[train][adamw]") {
  NamedTensors one{{"a", torch::ones({2}).requires_grad_()}};
  AdamW::State state({.learning_rate = 0.1, .weight_decay = 0.5}, one);
  state.step();
  REQUIRE(at::allclose(one[0].second.detach(), torch::full({2}, 0.95)));
}

TEST_CASE("Clipping scales the global norm down and never up", "[train][clip]") {
  auto parameters = two_parameters();
  parameters[0].second.mutable_grad() = torch::full({3, 2}, 3.0);
  const double norm = clip_gradient_norm(parameters, 1.0).item<double>();  // b has no gradient
  REQUIRE(norm == Approx(3 * std::sqrt(6.0)));
  REQUIRE(parameters[0].second.grad().norm().item<double>() == Approx(1.0).epsilon(1e-4));
  REQUIRE(clip_gradient_norm(parameters, 10.0).item<double>() == Approx(1.0).epsilon(1e-4));
  REQUIRE(parameters[0].second.grad().norm().item<double>() == Approx(1.0).epsilon(1e-4));
}

TEST_CASE("AdamW refuses impossible rates", "[train][adamw]") {
  REQUIRE_THROWS_AS(AdamW::State({.learning_rate = -1}, {}), Error);
  REQUIRE_THROWS_AS(AdamW::State({.beta1 = 1}, {}), Error);
}
