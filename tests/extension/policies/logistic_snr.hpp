#pragma once
#include <boost/hana.hpp>
#include <cmath>

#include <opad/weighting/weighting.hpp>

namespace lab {

/// omega = sigmoid(log SNR - bias): half where SNR = e^bias, and the answers at more noise count less. A bias of 0 is
/// alpha_bar itself. Kingma & Gao, "Understanding Diffusion Objectives as the ELBO", NeurIPS 2023, arXiv 2303.00848.
struct LogisticSnr {
  static constexpr std::string_view name = "logistic-snr";
  double bias = -1.0;
  opad::Tensor operator()(const opad::Tensor& alpha_bar) const {  // [B] -> [B], finite where alpha_bar is 0 or 1
    return alpha_bar / (alpha_bar + std::exp(bias) * (1 - alpha_bar));
  }
};
static_assert(opad::TimestepWeight<LogisticSnr>);

}  // namespace lab

BOOST_HANA_ADAPT_STRUCT(lab::LogisticSnr, bias);
