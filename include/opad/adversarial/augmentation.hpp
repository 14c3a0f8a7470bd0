#pragma once
#include <boost/hana.hpp>
#include <concepts>
#include <string>
#include <string_view>

#include <opad/core/random.hpp>

namespace opad {

/// A random change of pictures, differentiable in them; every sample has its own draws.
///   change(image, stream)   [B, 3, H, W] in [-1, 1] -> the same shape
/// Zhao et al., "Differentiable Augmentation for Data-Efficient GAN Training", NeurIPS 2020, arXiv 2006.10738: a critic
/// that sees a few photographs learns them by heart unless real and made pictures reach it changed at random.
template <class C>
concept PictureChange = requires(const C& change, const Tensor& image, Stream& stream) {
  { C::name } -> std::convertible_to<std::string_view>;
  { change(image, stream) } -> std::same_as<Tensor>;
};

namespace detail {
/// A number for each sample, uniform in [low, high), shaped to multiply pictures.  [B, 1, 1, 1]
inline Tensor uniform_like(const Tensor& image, Stream& stream, double low, double high) {
  return (stream.uniform({image.size(0), 1, 1, 1}) * (high - low) + low).to(image.options());
}
}  // namespace detail

/// Brightness +- `brightness` (in units of [-1, 1] pictures), saturation times 1 +- `saturation`, contrast times 1 +-
/// `contrast`. Defaults: the paper's.
struct ColorJitter {
  static constexpr std::string_view name = "color";
  double brightness = 0.5, saturation = 1.0, contrast = 0.5;
  Tensor operator()(const Tensor& image, Stream& stream) const {
    Tensor x = image + detail::uniform_like(image, stream, -brightness, brightness);
    const Tensor grey = x.mean(1, true);
    x = (x - grey) * detail::uniform_like(image, stream, 1 - saturation, 1 + saturation) + grey;
    const Tensor mean = x.mean({1, 2, 3}, true);
    return (x - mean) * detail::uniform_like(image, stream, 1 - contrast, 1 + contrast) + mean;
  }
};

/// Shifts by up to `share` of the side in either direction. What comes in is grey (the paper's), or the picture's
/// reflection.
struct Translation {
  static constexpr std::string_view name = "translation";
  double share = 0.125;
  bool reflect = false;
  Tensor operator()(const Tensor& image, Stream& stream) const {
    const std::int64_t height = image.size(2), width = image.size(3);
    const auto rows = static_cast<std::int64_t>(share * static_cast<double>(height) + 0.5),
               columns = static_cast<std::int64_t>(share * static_cast<double>(width) + 0.5);
    require(0 <= rows && rows < height && 0 <= columns && columns < width, "Translation: share = ", share,
            "; give 0 or more, and less than 1");
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

/// A square of `share` of the side becomes grey, anywhere, also partly outside. Default: the paper's.
struct Cutout {
  static constexpr std::string_view name = "cutout";
  double share = 0.5;
  Tensor operator()(const Tensor& image, Stream& stream) const {
    require(0 <= share && share <= 1, "Cutout: share = ", share, "; give 0 to 1");
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
    return image * keep.to(image.options());
  }
};

/// Adds normal noise of standard deviation `sigma`: hides what only the decoder's grain gives away.
struct Noise {
  static constexpr std::string_view name = "noise";
  double sigma = 0.15;
  Tensor operator()(const Tensor& image, Stream& stream) const {
    return image + sigma * stream.normal(image.sizes()).to(image.options());
  }
};

/// Half the resolution and back (means of 2 x 2, then bilinear): the critic cannot judge sharpness. Draws nothing.
struct Blur {
  static constexpr std::string_view name = "blur";
  Tensor operator()(const Tensor& image, Stream&) const {
    return at::upsample_bilinear2d(at::avg_pool2d(image, 2), {image.size(2), image.size(3)}, /*align_corners=*/false);
  }
};
static_assert(PictureChange<ColorJitter> && PictureChange<Translation> && PictureChange<Cutout> &&
              PictureChange<Noise> && PictureChange<Blur>);

/// What a critic's eye is given instead of the pictures themselves: these changes in this order, each from its own
/// stream.
///   same_for_both   whether a real picture and the student's at the same place of the batch get the same draws (then
///   they can only be told
///                   apart by what they show); else their own, as in the paper
template <class... Changes>
struct Augment {
  static constexpr bool empty = sizeof...(Changes) == 0;
  boost::hana::tuple<Changes...> changes;
  bool same_for_both = false;

  /// streams(name) -> Stream
  template <class Streams>
  Tensor operator()(Tensor image, const Streams& streams) const {
    boost::hana::for_each(changes, [&](const auto& change) {
      Stream stream = streams(change.name);
      image = change(image, stream);
    });
    return image;
  }
};

/// augment(Translation{}, Noise{.sigma = 0.1})
template <class... Changes>
constexpr auto augment(const Changes&... changes) {
  static_assert((PictureChange<Changes> && ...),
                "augment: an argument is not a PictureChange. Give it name and "
                "`Tensor operator()(const Tensor& image, Stream& stream) const` returning pictures of the same shape.");
  return Augment<Changes...>{boost::hana::make_tuple(changes...)};
}

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::ColorJitter, brightness, saturation, contrast);
BOOST_HANA_ADAPT_STRUCT(opad::Translation, share, reflect);
BOOST_HANA_ADAPT_STRUCT(opad::Cutout, share);
BOOST_HANA_ADAPT_STRUCT(opad::Noise, sigma);
