#pragma once
#include <boost/hana.hpp>

#include <opad/adversarial/augmentation/augmentation.hpp>
#include <opad/core/number_error.hpp>

namespace opad {

/// Brightness +- `brightness` (in units of [-1, 1] pictures), saturation times 1 +- `saturation`, contrast times 1 +-
/// `contrast`. Defaults: the paper's.
struct ColorJitter {
  static constexpr std::string_view name = "color";
  double brightness = 0.5, saturation = 1.0, contrast = 0.5;
  void check() const {
    require_number(brightness >= 0, "ColorJitter", "brightness", brightness, "0 or more");
    require_number(saturation >= 0, "ColorJitter", "saturation", saturation, "0 or more");
    require_number(contrast >= 0, "ColorJitter", "contrast", contrast, "0 or more");
  }
  Tensor operator()(const Tensor& image, Stream& stream) const {
    check();
    Tensor x = image + detail::uniform_like(image, stream, -brightness, brightness);
    const Tensor grey = x.mean(1, true);
    x = (x - grey) * detail::uniform_like(image, stream, 1 - saturation, 1 + saturation) + grey;
    const Tensor mean = x.mean({1, 2, 3}, true);
    return (x - mean) * detail::uniform_like(image, stream, 1 - contrast, 1 + contrast) + mean;
  }
};
static_assert(PictureChange<ColorJitter>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::ColorJitter, brightness, saturation, contrast);
