#pragma once
#include <boost/hana.hpp>

#include <opad/adversarial/head/perceptron.hpp>
#include <opad/core/number_error.hpp>

namespace opad {

/// Each token is judged by the same perceptron (hidden 0: the same linear map): for Features<Patches<Dino>>, where
/// every patch of a picture must pass for real. Isola et al., "Image-to-Image Translation with Conditional Adversarial
/// Networks" (PatchGAN), CVPR 2017, arXiv 1611.07004; on frozen tokens: Sauer et al., "Adversarial Diffusion
/// Distillation", ECCV 2024, arXiv 2311.17042.
struct PatchTokens {
  static constexpr std::string_view name = "patch-tokens";
  std::int64_t hidden = 0;
  void check() const {
    require_number(hidden >= 0, "PatchTokens", "hidden", hidden, "a width, or 0 for a linear head");
  }
  std::shared_ptr<HeadNetwork> build(std::int64_t, std::int64_t width, std::int64_t outputs, Stream& stream) const {
    check();
    auto widths = hidden > 0 ? std::vector{width, hidden, outputs} : std::vector{width, outputs};
    return std::make_shared<detail::PerceptronNetwork>(widths, stream, /*flat=*/false);
  }
};
static_assert(Head<PatchTokens>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::PatchTokens, hidden);
