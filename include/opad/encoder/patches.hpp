#pragma once
#include <opad/encoder/dino.hpp>

namespace opad {

/// The patch tokens of a vision transformer instead of its class token: what is where, for heads that judge each place
/// (PatchTokens).
///   B      Dino or DinoV2, whose network is shared
///   Block  after which block, without the last norm; -1: after the whole network and its last norm
///   [B, 3, s, s] -> [B, patches, width]
template <class B, std::int64_t Block = -1>
struct Patches : detail::ViewOf<B> {
  static Tensor features(typename B::Network& network, const Tensor& image) {
    const Tensor tokens =
        Block < 0 ? network.forward_features(image) : network.forward_intermediates(image, {Block})[0];
    return tokens.slice(1, network.config.prefix());
  }
};
static_assert(Backbone<Patches<Dino>>);

}  // namespace opad
