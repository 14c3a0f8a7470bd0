#include <opad/core/random.hpp>
#include <opad/sampler/any_sampler.hpp>

#include "support/catch.hpp"

using namespace opad;

namespace {

constexpr const char* classes[] = {"DDIMScheduler",          "DDPMScheduler",
                                   "EulerDiscreteScheduler", "EulerAncestralDiscreteScheduler",
                                   "LCMScheduler",           "DPMSolverMultistepScheduler"};

SchedulerConfig stable_diffusion(const std::string& name, Prediction prediction = Prediction::Epsilon) {
  SchedulerConfig config(name);
  config.beta_schedule = "scaled_linear", config.beta_start = 0.00085, config.beta_end = 0.012;
  config.prediction_type = prediction, config.clip_sample = false;
  return config;
}

double largest(const Tensor& x) { return x.abs().max().item<double>(); }

Tensor normal(const char* name) { return Random(2).stream(name).normal({2, 4, 3, 3}).to(torch::kFloat64); }

/// What a model that knows the picture says of a sample at step k.
Tensor oracle(const AnySampler& sampler, Prediction prediction, const Tensor& x, const Tensor& x0, std::int64_t k) {
  const Tensor one = torch::ones({1}, torch::kFloat64), zero = torch::zeros({1}, torch::kFloat64);
  const double scale = sampler.scale_model_input(one, k).item<double>();
  const double signal = scale * sampler.add_noise(one, zero, k).item<double>();
  const double sigma = scale * sampler.add_noise(zero, one, k).item<double>();
  const Tensor noise = (scale * x - signal * x0) / sigma;
  return prediction == Prediction::Sample ? x0 : prediction == Prediction::V ? signal * noise - sigma * x0 : noise;
}

}  // namespace

TEST_CASE("every sampler follows a model that knows the picture to the picture", "[sampler]") {
  const Tensor x0 = normal("x0"), start = normal("start"), noise = normal("noise");
  for (const std::string name : classes)
    for (const Prediction prediction : {Prediction::Epsilon, Prediction::Sample, Prediction::V})
      for (const Spacing spacing : {Spacing::Leading, Spacing::Trailing, Spacing::Linspace})
        for (const std::int64_t steps : {1, 2, 7, 20}) {
          auto config = stable_diffusion(name, prediction);
          config.timestep_spacing = spacing;
          INFO(name << " " << static_cast<int>(prediction) << " " << static_cast<int>(spacing) << ", steps " << steps);
          auto sampler = make_sampler(config, steps);
          REQUIRE(static_cast<std::int64_t>(sampler.timesteps().size()) == steps);
          const double tolerance = name == std::string("LCMScheduler") ? 1e-3 : 1e-9;  // its c_skip keeps a little of x
          Tensor x = start * sampler.init_noise_sigma();
          for (std::int64_t k = 0; k < steps; ++k) {
            const auto step = sampler.step(oracle(sampler, prediction, x, x0, k), k, x, noise);
            REQUIRE(largest(step.pred_original - x0) < tolerance);
            x = step.prev_sample;
          }
          // DDIM with these spacings may stop short of the last timestep's end
          if (name != std::string("DDIMScheduler") || spacing == Spacing::Leading) REQUIRE(largest(x - x0) < tolerance);
        }
}

TEST_CASE("every step lands on the noise level of the next one", "[sampler]") {
  // for the picture 0: sample = level * noise; the model's share and the drawn share add up as variances
  const Tensor zero = torch::zeros({1}, torch::kFloat64), one = torch::ones({1}, torch::kFloat64);
  const std::int64_t steps = 10;
  for (const std::string name : classes)
    for (const double eta : {0.0, 0.5, 1.0}) {
      if (eta > 0 && name != "DDIMScheduler") continue;
      INFO(name << ", eta " << eta);
      auto config = stable_diffusion(name);
      config.timestep_spacing = Spacing::Leading, config.steps_offset = 1;
      auto sampler = make_sampler(config, steps, eta);
      for (std::int64_t k = 0; k + 1 < steps; ++k) {
        const double level = sampler.add_noise(zero, one, k).item<double>();
        const double next = sampler.add_noise(zero, one, k + 1).item<double>();
        const Tensor x = level * one;
        const double kept =
            sampler.step(oracle(sampler, Prediction::Epsilon, x, zero, k), k, x, zero).prev_sample.item<double>();
        double drawn = 0;
        if (sampler.needs_noise(k)) {
          auto again = make_sampler(config, steps, eta);
          drawn = again.step(zero, k, zero, one).prev_sample.item<double>();
        }
        REQUIRE(kept * kept + drawn * drawn == Approx(next * next).epsilon(1e-6));
      }
    }
}

TEST_CASE("one Euler step from the noisiest timestep is z sigma - sigma eps, with gradient", "[sampler][euler]") {
  auto config = stable_diffusion("EulerDiscreteScheduler");
  config.timestep_spacing = Spacing::Trailing;
  const Euler euler(config, 1);
  REQUIRE(euler.timesteps() == std::vector<double>{999});
  const double sigma = euler.init_noise_sigma();
  REQUIRE(sigma == Approx(14.6146).epsilon(1e-5));
  const Tensor z = normal("z"), x = z * sigma, eps = normal("eps").requires_grad_();
  REQUIRE(largest(euler.scale_model_input(x, 0) - z * sigma / std::sqrt(sigma * sigma + 1)) < 1e-12);
  const auto step = euler.step(eps, 0, x);
  REQUIRE(largest(step.prev_sample - (x - sigma * eps)) < 1e-12);
  REQUIRE(largest(step.pred_original - step.prev_sample) < 1e-12);
  step.prev_sample.sum().backward();
  REQUIRE(largest(eps.grad() + sigma) < 1e-12);
}

TEST_CASE("gradients flow through several Euler steps", "[sampler][euler]") {
  auto config = stable_diffusion("EulerDiscreteScheduler");
  config.timestep_spacing = Spacing::Trailing;
  const Euler euler(config, 4);
  REQUIRE(euler.timesteps() == std::vector<double>{999, 749, 499, 249});
  const Tensor z = normal("z");
  const auto sample = [&](const Tensor& w) {
    Tensor x = z * euler.init_noise_sigma();
    for (std::int64_t k = 0; k < 4; ++k) x = euler.step(w * euler.scale_model_input(x, k), k, x).prev_sample;
    return x.square().mean();
  };
  const Tensor w = torch::full({1}, 0.3, torch::kFloat64).requires_grad_();
  sample(w).backward();
  torch::NoGradGuard no_grad;
  const double difference = (sample(w + 1e-6) - sample(w - 1e-6)).item<double>() / 2e-6;
  REQUIRE(w.grad().item<double>() == Approx(difference).epsilon(1e-6));
}

TEST_CASE("Karras' sigmas fall from the largest to the smallest, equally spaced in their seventh roots",
          "[sampler][sigmas]") {
  const auto sigmas = karras_sigmas(0.1, 10, 5);
  REQUIRE(sigmas.front() == Approx(10));
  REQUIRE(sigmas.back() == Approx(0.1));
  const auto root = [](double sigma) { return std::pow(sigma, 1 / 7.0); };
  for (int k = 0; k < 4; ++k) REQUIRE(root(sigmas[k]) - root(sigmas[k + 1]) == Approx((root(10) - root(0.1)) / 4));
  REQUIRE(karras_sigmas(0.1, 10, 1) == std::vector<double>{sigmas.front()});
}

TEST_CASE("a sigma's timestep is the inverse of a timestep's sigma", "[sampler][sigmas]") {
  const Eigen::ArrayXd table = sigma_table(stable_diffusion("EulerDiscreteScheduler"));
  for (const int t : {0, 1, 500, 998, 999}) REQUIRE(timestep_of_sigma(table, table[t]) == Approx(t).margin(1e-9));
  REQUIRE(timestep_of_sigma(table, std::sqrt(table[10] * table[11])) == Approx(10.5));
  REQUIRE(timestep_of_sigma(table, 1e-5) == 0);
  REQUIRE(timestep_of_sigma(table, 1e5) == 999);
  REQUIRE(interpolate(table, 10.25) == Approx(0.75 * table[10] + 0.25 * table[11]));
  REQUIRE(interpolate(table, 2000) == table[999]);
}

TEST_CASE("DPM-Solver++ of second order is nearer to the true path than of first order", "[sampler][dpm-solver]") {
  const auto sample = [](std::int64_t steps, std::int64_t order, const std::string& type) {
    auto config = stable_diffusion("DPMSolverMultistepScheduler");
    config.solver_order = order, config.solver_type = type;
    DpmSolverPlusPlus2M solver(config, steps);
    Tensor x = normal("z");
    for (std::int64_t k = 0; k < steps; ++k) x = solver.step(0.9 * torch::tanh(x), k, x).prev_sample;
    return x;
  };
  const Tensor fine = sample(900, 2, "midpoint");
  const double first = largest(sample(30, 1, "midpoint") - fine);
  REQUIRE(largest(sample(30, 2, "midpoint") - fine) < first / 2);
  REQUIRE(largest(sample(30, 2, "heun") - fine) < first / 2);
}

TEST_CASE("DPM-Solver++ wants its steps in order", "[sampler][dpm-solver]") {
  DpmSolverPlusPlus2M solver(stable_diffusion("DPMSolverMultistepScheduler"), 5);
  REQUIRE_THROWS_WITH(solver.step(normal("z"), 1, normal("z")), ContainsSubstring("in order"));
}

TEST_CASE("clipping bounds the predicted picture of DDIM, DDPM and LCM", "[sampler]") {
  for (const std::string name : {"DDIMScheduler", "DDPMScheduler", "LCMScheduler"}) {
    auto config = stable_diffusion(name);
    config.clip_sample = true, config.clip_sample_range = 0.25;
    auto sampler = make_sampler(config, 4);
    const auto step = sampler.step(normal("output"), 0, normal("x"), normal("noise"));
    REQUIRE(largest(step.pred_original) == Approx(0.25).epsilon(1e-4));
  }
}

TEST_CASE("dynamic thresholding clamps each sample at its own quantile and scales it into [-1, 1]", "[sampler]") {
  SchedulerConfig config("DDIMScheduler");
  config.thresholding = true, config.dynamic_thresholding_ratio = 0.5, config.sample_max_value = 3;
  const Tensor x0 =
      torch::tensor({{0.1, -0.5, 0.9}, {-1.0, 2.0, -4.0}, {8.0, 9.0, -10.0}}, torch::kFloat64).view({3, 1, 1, 3});
  const Tensor limited = limited_sample(config, x0).view({3, 3});
  // medians 0.5, 2 and 9, which count as 1, 2 and 3
  const Tensor want = torch::tensor({{0.1, -0.5, 0.9}, {-0.5, 1.0, -1.0}, {1.0, 1.0, -1.0}}, torch::kFloat64);
  REQUIRE(largest(limited - want) < 1e-12);
  config.thresholding = false, config.clip_sample = false;
  REQUIRE(at::equal(limited_sample(config, x0), x0));
}

TEST_CASE("DDIM's last step ends at alpha_bar 1 or, by config, at the first timestep's noise", "[sampler][ddim]") {
  auto config = stable_diffusion("DDIMScheduler");
  const Tensor x = normal("x"), noise = normal("noise"), zero = torch::zeros_like(x);
  REQUIRE(largest(Ddim(config, 10).step(noise, 9, noise * std::sqrt(1 - config.alpha_bar()[0])).prev_sample) < 1e-12);
  config.set_alpha_to_one = false;
  const auto step = Ddim(config, 10).step(noise, 9, x);  // timestep 0 -> alpha_bar_0: nothing changes
  REQUIRE(largest(step.prev_sample - x) < 1e-12);
}

TEST_CASE("samples keep their type", "[sampler]") {
  for (const std::string name : classes)
    for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
      auto sampler = make_sampler(stable_diffusion(name, Prediction::V), 3);
      const Tensor x = normal("x").to(type);
      const auto step = sampler.step(x, 0, sampler.scale_model_input(x, 0), x);
      REQUIRE(step.prev_sample.scalar_type() == type);
      REQUIRE(step.pred_original.scalar_type() == type);
    }
}

TEST_CASE("what a sampler cannot do is refused", "[sampler]") {
  const Tensor x = normal("x");
  for (const std::string name : classes) {
    INFO(name);
    REQUIRE_THROWS_WITH(make_sampler(stable_diffusion(name), 0), ContainsSubstring("0 steps"));
    REQUIRE_THROWS_AS(make_sampler(stable_diffusion(name), 1001), Error);
    auto sampler = make_sampler(stable_diffusion(name), 4);
    REQUIRE_THROWS_WITH(sampler.step(x, 4, x, x), ContainsSubstring("step 4 of 4"));
    REQUIRE_THROWS_WITH(sampler.step(x[0], 0, x, x), ContainsSubstring("differ in shape"));
    if (sampler.needs_noise(0)) REQUIRE_THROWS_WITH(sampler.step(x, 0, x), ContainsSubstring("needs noise"));
  }
  REQUIRE_THROWS_WITH(make_sampler(stable_diffusion("PNDMScheduler"), 4), ContainsSubstring("PNDMScheduler"));
  REQUIRE_THROWS_WITH(Ddim(stable_diffusion("DDIMScheduler"), 4, 1.5), ContainsSubstring("eta = 1.5"));
  REQUIRE_THROWS_WITH(Lcm(stable_diffusion("LCMScheduler"), 51), ContainsSubstring("distilled with 50"));

  auto ddpm = stable_diffusion("DDPMScheduler");
  ddpm.variance_type = "learned";
  REQUIRE_THROWS_WITH(Ddpm(ddpm, 4), ContainsSubstring("learned"));
  auto euler = stable_diffusion("EulerDiscreteScheduler");
  euler.interpolation_type = "cubic";
  REQUIRE_THROWS_WITH(Euler(euler, 4), ContainsSubstring("cubic"));
  euler = stable_diffusion("EulerDiscreteScheduler");
  euler.final_sigmas_type = "none";
  REQUIRE_THROWS_WITH(Euler(euler, 4), ContainsSubstring("none"));
  euler = stable_diffusion("EulerDiscreteScheduler");
  euler.use_karras_sigmas = euler.use_exponential_sigmas = true;
  REQUIRE_THROWS_WITH(Euler(euler, 4), ContainsSubstring("both on"));
  auto solver = stable_diffusion("DPMSolverMultistepScheduler");
  solver.algorithm_type = "sde-dpmsolver++";
  REQUIRE_THROWS_WITH(DpmSolverPlusPlus2M(solver, 4), ContainsSubstring("sde-dpmsolver++"));
  solver = stable_diffusion("DPMSolverMultistepScheduler");
  solver.solver_order = 3;
  REQUIRE_THROWS_WITH(DpmSolverPlusPlus2M(solver, 4), ContainsSubstring("solver_order 3"));
  solver = stable_diffusion("DPMSolverMultistepScheduler");
  solver.solver_type = "bh3";
  REQUIRE_THROWS_WITH(DpmSolverPlusPlus2M(solver, 4), ContainsSubstring("bh3"));

  auto zero_snr = stable_diffusion("DDIMScheduler");
  zero_snr.rescale_betas_zero_snr = true, zero_snr.timestep_spacing = Spacing::Trailing;
  REQUIRE_THROWS_WITH(Ddim(zero_snr, 4), ContainsSubstring("nothing but noise"));
  auto offset = stable_diffusion("DDIMScheduler");
  offset.steps_offset = 1;
  REQUIRE_THROWS_WITH(Ddim(offset, 1000), ContainsSubstring("steps_offset"));
}
