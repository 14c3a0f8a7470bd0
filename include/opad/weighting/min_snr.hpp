#pragma once
#include <boost/hana.hpp>

#include <opad/core/number_error.hpp>
#include <opad/weighting/weighting.hpp>

namespace opad {

/// omega = min(SNR, gamma) / gamma in [0, 1] with SNR = alpha_bar / (1 - alpha_bar): the answers count as in Uniform up
/// to the noise level where SNR = gamma, less above.  gamma > 0.
/// Hang et al., "Efficient Diffusion Training via Min-SNR Weighting Strategy", ICCV 2023, arXiv 2303.09556 (gamma = 5,
/// for x0 prediction).
struct MinSnr {
  static constexpr std::string_view name = "min-snr";
  double gamma = 5.0;
  void check() const { require_number(gamma > 0, "MinSnr", "gamma", gamma, "more than 0"); }
  Tensor operator()(const Tensor& alpha_bar) const {
    check();
    return (alpha_bar / (1 - alpha_bar)).clamp_max(gamma) / gamma;
  }
};
static_assert(TimestepWeight<MinSnr>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::MinSnr, gamma);
