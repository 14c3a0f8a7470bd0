#pragma once
#include <boost/hana.hpp>
#include <vector>

#include <opad/adversarial/augmentation/augmentation.hpp>
#include <opad/core/number_error.hpp>

namespace opad {

/// Shifts by up to `share` of the side in either direction. What comes in is grey (the paper's), or the picture's
/// reflection.
struct Translation {
  static constexpr std::string_view name = "translation";
  double share = 0.125;
  bool reflect = false;
  void check() const {
    require_number(0 <= share && share < 1, "Translation", "share", share, "0 or more, and less than 1");
  }
  Tensor operator()(const Tensor& image, Stream& stream) const {
    check();
    const std::int64_t height = image.size(2), width = image.size(3);
    const auto shift = [&](std::int64_t side) {  // a share of nearly 1 leaves a row, too
      return std::min(static_cast<std::int64_t>(share * static_cast<double>(side) + 0.5), side - 1);
    };
    const std::int64_t rows = shift(height), columns = shift(width);
    const std::vector<std::int64_t> pad{columns, columns, rows, rows};
    const Tensor padded = reflect ? at::reflection_pad2d(image, pad) : at::constant_pad_nd(image, pad);
    std::vector<Tensor> shifted;
    for (std::int64_t i = 0; i < image.size(0); ++i) {
      const std::int64_t top = stream.integer(0, 2 * rows + 1), left = stream.integer(0, 2 * columns + 1);
      shifted.push_back(padded[i].slice(1, top, top + height).slice(2, left, left + width));
    }
    return at::stack(shifted);
  }
};
static_assert(PictureChange<Translation>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::Translation, share, reflect);
