#pragma once
#include <concepts>
#include <string_view>

#include <opad/schedule/scheduler_config.hpp>
#include <opad/space/denoiser.hpp>

namespace opad {

/// How the one-step model is asked for pictures, in training, in previews and when it is scored.
///   sampler(student, scheduler, noise, condition) -> x̂0   clean latents of noise z, both [B, 4, h, w], condition
///                                                         [B, 77, C]; differentiable in the network's weights
///   scheduler  of the student's folder: the noise schedule and how its checkpoint is sampled
/// Laws (tests/laws/): finite; sample i sees only row i of noise and condition; no draws.
template <class S>
concept StudentSampler = std::copy_constructible<S> && requires(const S& sampler, const Denoiser& student,
                                                                const SchedulerConfig& scheduler, const Tensor& x) {
  { S::name } -> std::convertible_to<std::string_view>;
  { sampler(student, scheduler, x, x) } -> std::same_as<Tensor>;
};

}  // namespace opad
