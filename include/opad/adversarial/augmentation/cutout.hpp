#pragma once
#include <algorithm>
#include <boost/hana.hpp>

#include <opad/adversarial/augmentation/augmentation.hpp>
#include <opad/core/number_error.hpp>

namespace opad {

/// A square of `share` of the side becomes grey, anywhere, also partly outside. Default: the paper's.
struct Cutout {
  static constexpr std::string_view name = "cutout";
  double share = 0.5;
  void check() const { require_number(0 <= share && share <= 1, "Cutout", "share", share, "0 to 1"); }
  Tensor operator()(const Tensor& image, Stream& stream) const {
    check();
    const std::int64_t height = image.size(2), width = image.size(3);
    const auto rows = static_cast<std::int64_t>(share * static_cast<double>(height) + 0.5),
               columns = static_cast<std::int64_t>(share * static_cast<double>(width) + 0.5);
    Tensor keep = torch::ones({image.size(0), 1, height, width});
    for (std::int64_t i = 0; i < image.size(0); ++i) {
      const std::int64_t top = stream.integer(0, height + 1) - rows / 2,
                         left = stream.integer(0, width + 1) - columns / 2;
      keep[i]
          .slice(1, std::max<std::int64_t>(top, 0), std::max<std::int64_t>(top + rows, 0))
          .slice(2, std::max<std::int64_t>(left, 0), std::max<std::int64_t>(left + columns, 0))
          .zero_();
    }
    return image * to_device(keep, image.device(), image.scalar_type());
  }
};
static_assert(PictureChange<Cutout>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::Cutout, share);
