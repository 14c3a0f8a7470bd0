#pragma once
#include <string>
#include <string_view>

#include <opad/core/tensor.hpp>

namespace opad {

/// What a diffusion model's output means, for  x_t = signal x_0 + sigma noise  with
/// signal = sqrt(alpha_bar_t), sigma = sqrt(1 - alpha_bar_t):
///   Epsilon  the noise                Ho et al., arXiv 2006.11239
///   Sample   x_0
///   V        signal noise - sigma x_0     Salimans & Ho, "Progressive Distillation", ICLR 2022, arXiv 2202.00512
enum class Prediction { Epsilon, Sample, V };

/// The names of scheduler configs: "epsilon", "sample", "v_prediction".
inline Prediction parse_prediction(std::string_view text, const std::string& where) {
  if (text == "epsilon") return Prediction::Epsilon;
  if (text == "sample" || text == "original_sample") return Prediction::Sample;
  if (text == "v_prediction") return Prediction::V;
  fail(where, ": prediction_type '", text, "' is unknown; it can be epsilon, sample or v_prediction");
}

/// x_0 by a model's output. `signal` and `sigma` are numbers, or tensors that broadcast with x_t.
template <class Scale>
Tensor x0_from(Prediction type, const Tensor& x_t, const Tensor& output, const Scale& signal, const Scale& sigma) {
  switch (type) {
    case Prediction::Epsilon:
      return (x_t - sigma * output) / signal;
    case Prediction::V:
      return signal * x_t - sigma * output;
    default:
      return output;
  }
}

/// The noise by a model's output.
template <class Scale>
Tensor noise_from(Prediction type, const Tensor& x_t, const Tensor& output, const Scale& signal, const Scale& sigma) {
  switch (type) {
    case Prediction::Sample:
      return (x_t - signal * output) / sigma;
    case Prediction::V:
      return signal * output + sigma * x_t;
    default:
      return output;
  }
}

}  // namespace opad
