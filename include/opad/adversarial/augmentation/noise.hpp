#pragma once
#include <boost/hana.hpp>

#include <opad/adversarial/augmentation/augmentation.hpp>

namespace opad {

/// Adds normal noise of standard deviation `sigma`: hides what only the decoder's grain gives away.
struct Noise {
  static constexpr std::string_view name = "noise";
  double sigma = 0.15;
  Tensor operator()(const Tensor& image, Stream& stream) const {
    require(sigma >= 0, "Noise: sigma = ", sigma, "; give 0 or more");
    return image + sigma * to_device(stream.normal(image.sizes()), image.device(), image.scalar_type());
  }
};
static_assert(PictureChange<Noise>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::Noise, sigma);
