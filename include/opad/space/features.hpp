#pragma once
#include <opad/core/fixed_tensor.hpp>
#include <opad/encoder/backbone.hpp>
#include <opad/space/resize.hpp>
#include <opad/space/space.hpp>

namespace opad {

/// The value range that an encoder was trained with: [-1, 1] -> [0, 1] -> (x - mean) / deviation.
struct Normalised {
  template <class B>
  static Tensor apply(const Tensor& image) {
    // never destroyed: a device's memory may be gone before the program's last objects are
    static const auto& scale = *new FixedTensor(per_channel([](int c) { return 0.5 / B::deviation[c]; }));
    static const auto& shift =
        *new FixedTensor(per_channel([](int c) { return (0.5 - B::mean[c]) / B::deviation[c]; }));
    return image * scale.like(image) + shift.like(image);
  }

 private:
  template <class Of>
  static Tensor per_channel(const Of& of) {
    return torch::tensor({of(0), of(1), of(2)}, torch::kFloat64).view({1, 3, 1, 1});
  }
};

/// Pictures go in as they are, in [-1, 1]: what the released script does to every encoder.
struct Unnormalised {
  template <class B>
  static Tensor apply(const Tensor& image) {
    return image;
  }
};

/// What a frozen encoder sees in a picture: resized, brought into its value range, encoded.  [B, 3, H, W] -> [B,
/// tokens, width]. A space says everything about the rendering, so the released script's two ways of resizing for one
/// encoder are two spaces.
template <class B, class Resize = Bilinear, class Range = Normalised>
struct Features {
  static_assert(Backbone<B>,
                "Features<B>: B is not a Backbone. Give it name, Network, load, resolution, features, mean, deviation "
                "(include/opad/encoder/backbone.hpp).");
  static constexpr std::string_view name = B::name;
  using from = Pixel;
  using backbone = typename detail::BackboneOf<B>::type;
  template <class Networks>
  static Tensor render(Networks& networks, const Tensor& image) {
    auto& network = networks.template get<backbone>();
    const std::int64_t side = B::resolution(network);
    const Tensor seen = Range::template apply<B>(Resize{}(image, side, side));
    const Tensor features = networks.pass(image.device(), [&] { return B::features(network, seen); });
    networks.passes().count(backbone::name, features.requires_grad());
    return features;
  }
};

}  // namespace opad
