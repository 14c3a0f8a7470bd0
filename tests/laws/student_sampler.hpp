#pragma once
/// The laws that every StudentSampler obeys (student_sampler/student_sampler.hpp).
#include <torch/autograd.h>

#include <opad/student_sampler/student_sampler.hpp>

#include "laws/teacher_target.hpp"

namespace laws {

/// Finite latents of the noise's shape, the same when asked again; sample i sees only row i of noise and condition;
/// differentiable in the network's weights.
template <opad::StudentSampler S>
void student_sampler(const S& sampler) {
  Asked asked;  // a small U-Net serves as a student as well as a teacher
  asked.scheduler.timestep_spacing = opad::Spacing::Trailing;
  const auto answer = [&](const opad::Tensor& noise, const opad::Tensor& condition) {
    return sampler(asked.teacher, asked.scheduler, noise, condition);
  };
  const opad::Tensor x0 = answer(asked.noise, asked.condition);
  REQUIRE(x0.sizes() == asked.noise.sizes());
  REQUIRE(at::isfinite(x0).all().template item<bool>());
  REQUIRE(at::equal(answer(asked.noise, asked.condition), x0));
  opad::Tensor noise = asked.noise.clone(), condition = asked.condition.clone();
  noise[2] += 1, condition[1] += 1;
  const opad::Tensor other = answer(noise, condition);
  REQUIRE(at::allclose(other[0], x0[0], 1e-4, 1e-5));
  for (const int changed : {1, 2}) REQUIRE_FALSE(at::allclose(other[changed], x0[changed], 1e-4, 1e-5));

  const opad::Tensor weight = asked.teacher.unet->conv_in->weight.requires_grad_();
  const opad::Tensor gradient = torch::autograd::grad({answer(asked.noise, asked.condition).sum()}, {weight})[0];
  REQUIRE(at::isfinite(gradient).all().template item<bool>());
  REQUIRE(gradient.abs().max().template item<double>() > 0);
}

}  // namespace laws
