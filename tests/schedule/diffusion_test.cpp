#include <opad/core/random.hpp>
#include <opad/schedule/diffusion.hpp>

#include "support/catch.hpp"

using namespace opad;

namespace {

double largest(const Tensor& x) { return x.abs().max().item<double>(); }

struct Samples {
  Stream stream = Random(1).stream("diffusion");
  Tensor x0 = stream.normal({5, 4, 3, 2}).to(torch::kFloat64), noise = stream.normal({5, 4, 3, 2}).to(torch::kFloat64);
  Tensor t = torch::tensor({0, 1, 500, 998, 999}, torch::kInt64);
};

}  // namespace

TEST_CASE("from x_t and what the model should say, x0 and the noise come back, whatever it predicts",
          "[schedule][diffusion]") {
  const Samples s;
  for (const Prediction prediction : {Prediction::Epsilon, Prediction::Sample, Prediction::V}) {
    const Diffusion diffusion(ScaledLinear{}.alpha_bar(), prediction);
    const Tensor x_t = diffusion.add_noise(s.x0, s.noise, s.t), output = diffusion.target(s.x0, s.noise, s.t);
    REQUIRE(largest(diffusion.predicted_x0(x_t, output, s.t) - s.x0) < 1e-11);
    REQUIRE(largest(diffusion.predicted_noise(x_t, output, s.t) - s.noise) < 1e-11);
  }
}

TEST_CASE("noise and velocity turn the picture: x_t and v are a rotation of x0 and noise", "[schedule][diffusion]") {
  const Samples s;
  const Diffusion diffusion(LinearBetas{}.alpha_bar());
  const Tensor x_t = diffusion.add_noise(s.x0, s.noise, s.t), v = diffusion.velocity(s.x0, s.noise, s.t);
  REQUIRE(largest(x_t.square() + v.square() - s.x0.square() - s.noise.square()) < 1e-12);
}

TEST_CASE("each sample has its own timestep, and the tables keep the samples' type", "[schedule][diffusion]") {
  const Samples s;
  const Eigen::ArrayXd table = ScaledLinear{}.alpha_bar();
  const Diffusion diffusion(table);
  const Tensor ones = torch::ones({5, 1}, torch::kFloat64), zeros = torch::zeros({5, 1}, torch::kFloat64);
  const Tensor signal = diffusion.add_noise(ones, zeros, s.t), alpha_bar = diffusion.alpha_bar(s.t);
  REQUIRE(diffusion.steps() == 1000);
  REQUIRE(alpha_bar.scalar_type() == torch::kFloat32);
  for (int i = 0; i < 5; ++i) {
    const double want = table[s.t[i].item<std::int64_t>()];
    REQUIRE(signal[i].item<double>() == std::sqrt(want));
    REQUIRE(alpha_bar[i].item<float>() == static_cast<float>(want));
  }
  REQUIRE(diffusion.add_noise(ones.to(torch::kBFloat16), zeros.to(torch::kBFloat16), s.t).scalar_type() ==
          torch::kBFloat16);
}

TEST_CASE("the gradient flows through the predicted picture", "[schedule][diffusion]") {
  const Samples s;
  const Diffusion diffusion(ScaledLinear{}.alpha_bar(), Prediction::V);
  const Tensor output = s.noise.clone().requires_grad_();
  diffusion.predicted_x0(s.x0, output, s.t).sum().backward();
  const Tensor want = -(1 - diffusion.alpha_bar(s.t).to(torch::kFloat64)).sqrt();
  REQUIRE(largest(output.grad() - per_sample(want, s.x0)) < 1e-6);
}

TEST_CASE("with zero terminal SNR the last step is all noise, and a noise prediction is refused",
          "[schedule][diffusion]") {
  const Samples s;
  const auto table = ZeroTerminalSnr<ScaledLinear>{}.alpha_bar();
  const Diffusion v(table, Prediction::V), epsilon(table, Prediction::Epsilon);
  const Tensor x_t = v.add_noise(s.x0, s.noise, s.t);
  REQUIRE(x_t[4].equal(s.noise[4]));
  REQUIRE(largest(v.predicted_x0(x_t, v.target(s.x0, s.noise, s.t), s.t) - s.x0) < 1e-11);
  REQUIRE_THROWS_WITH(epsilon.predicted_x0(x_t, s.noise, s.t), ContainsSubstring("v_prediction"));
}

TEST_CASE("timesteps that are no timesteps are refused", "[schedule][diffusion]") {
  const Samples s;
  const Diffusion diffusion(ScaledLinear{}.alpha_bar());
  REQUIRE_THROWS_WITH(diffusion.alpha_bar(torch::tensor({1000}, torch::kInt64)), ContainsSubstring("give 0 to 999"));
  REQUIRE_THROWS_AS(diffusion.alpha_bar(torch::tensor({-1}, torch::kInt64)), Error);
  REQUIRE_THROWS_WITH(diffusion.alpha_bar(torch::tensor({1.0})), ContainsSubstring("int64 [B]"));
  REQUIRE_THROWS_WITH(diffusion.add_noise(s.x0, s.noise, s.t.slice(0, 0, 2)), ContainsSubstring("one for each sample"));
}
