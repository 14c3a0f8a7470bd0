#pragma once
#include <functional>
#include <optional>

#include <opad/sampler/sampler.hpp>
#include <opad/space/denoiser.hpp>

namespace opad {

/// What a denoiser is asked for.
struct Wish {
  Tensor condition;                     // c  [B, 77, C]
  Tensor null_condition = {};           // c∅  [1 or B, 77, C]; only for guidance
  std::optional<double> guidance = {};  // classifier-free; none: the condition alone, one row a sample
};

/// Fresh standard normal noise for step k of a sampler that draws, shaped as the sample.
using FreshNoise = std::function<Tensor(std::int64_t k)>;

/// The one denoising loop: what a denoiser draws on the way of a sampler, from the sampler's step `first` on, at most
/// `most` of them.
///   x  the sample that this step expects: noise * init_noise_sigma() for step 0
/// -> the last step's sample, and the clean latents that its output stands for, both [B, 4, h, w]
/// Differentiable; who wants no gradient switches it off. Throws where the sampler draws and no noise is given.
template <Sampler S>
SamplerStep denoise_steps(const Denoiser& denoiser, S& sampler, Tensor x, const Wish& wish, std::int64_t first,
                          std::int64_t most, const FreshNoise& fresh = {}) {
  SamplerStep now{x, x};
  const auto end = std::min(static_cast<std::int64_t>(sampler.timesteps().size()), first + most);
  for (std::int64_t k = first; k < end; ++k) {
    const Tensor timestep = at::full({x.size(0)}, sampler.timesteps()[static_cast<std::size_t>(k)], x.options());
    const Tensor input = sampler.scale_model_input(x, k);
    const Tensor output =
        wish.guidance ? denoiser.predict_guided(input, timestep, wish.condition, wish.null_condition, *wish.guidance)
                      : denoiser.predict(input, timestep, wish.condition);
    require(!sampler.needs_noise(k) || fresh, "denoise: the sampler draws noise at step ", k, ", and none is given");
    now = sampler.step(output, k, x, sampler.needs_noise(k) ? fresh(k) : Tensor());
    x = now.prev_sample;
  }
  return now;
}

/// The same to the sampler's end.  -> clean latents [B, 4, h, w]
template <Sampler S>
Tensor denoise(const Denoiser& denoiser, S& sampler, const Tensor& x, const Wish& wish, const FreshNoise& fresh = {}) {
  return denoise_steps(denoiser, sampler, x, wish, 0, static_cast<std::int64_t>(sampler.timesteps().size()), fresh)
      .prev_sample;
}

}  // namespace opad
