#pragma once
#include <boost/hana.hpp>

#include <opad/adversarial/augmentation/augmentation.hpp>
#include <opad/core/number_error.hpp>

namespace opad {

/// Adds normal noise of standard deviation `sigma`: hides what only the decoder's grain gives away.
struct Noise {
  static constexpr std::string_view name = "noise";
  double sigma = 0.15;
  void check() const { require_number(sigma >= 0, "Noise", "sigma", sigma, "0 or more"); }
  Tensor operator()(const Tensor& image, Stream& stream) const {
    check();
    return image + sigma * to_device(stream.normal(image.sizes()), image.device(), image.scalar_type());
  }
};
static_assert(PictureChange<Noise>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::Noise, sigma);
