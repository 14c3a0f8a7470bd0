#pragma once
#include <concepts>
#include <string_view>

#include <opad/core/hana.hpp>
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
  return to_device(stream.uniform({image.size(0), 1, 1, 1}) * (high - low) + low, image.device(), image.scalar_type());
}
}  // namespace detail

/// What a critic's eye is given instead of the pictures themselves: these changes in this order, each from its own
/// stream.
///   same_for_both   whether a real picture and the student's at the same place of the batch get the same draws (then
///                   they can only be told apart by what they show); else their own, as in the paper
template <class... Changes>
struct Augment {
  static constexpr bool empty = sizeof...(Changes) == 0;
  hana::tuple<Changes...> changes;
  bool same_for_both = false;

  /// streams(name) -> Stream
  template <class Streams>
  Tensor operator()(Tensor image, const Streams& streams) const {
    hana::for_each(changes, [&](const auto& change) {
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
  return Augment<Changes...>{hana::make_tuple(changes...)};
}

}  // namespace opad
