#pragma once
#include <opad/space/space.hpp>

namespace lab {

/// How strong each spatial frequency of a picture is, wherever it stands:  log(1 + |F|^2) / 2, F the Fourier transform
/// of each colour.  [B, 3, H, W] -> [B, 3, H, W/2 + 1]
/// Durall et al., "Watch your Up-Convolution", CVPR 2020, arXiv 2003.01826: made pictures lack high frequencies.
struct Spectrum {
  static constexpr std::string_view name = "spectrum";
  using from = opad::Pixel;
  template <class Networks>
  static opad::Tensor render(Networks&, const opad::Tensor& image) {
    const opad::Tensor waves = at::view_as_real(at::fft_rfft2(image, c10::nullopt, {-2, -1}, "ortho"));
    return at::log1p(waves.square().sum(-1)) / 2;  // the root inside the logarithm: its gradient is finite at zero, too
  }
};
static_assert(opad::Space<Spectrum>);

}  // namespace lab
