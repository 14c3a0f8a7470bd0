#pragma once
#include <opad/encoder/dino.hpp>

namespace opad {

/// The class tokens of several blocks of a vision transformer, from texture to meaning: one token for each block, for
/// heads that judge each depth on its own (MultiLayer).
///   B       Dino or DinoV2, whose network is shared
///   Blocks  counted from 0; negative numbers from the end
///   [B, 3, s, s] -> [B, blocks, width], without the last norm
template <class B, std::int64_t... Blocks>
struct Layers : detail::ViewOf<B> {
  static_assert(sizeof...(Blocks) > 0,
                "Layers<B, Blocks...>: name at least one block, as in Layers<Dino, 2, 5, 8, -1>.");
  static Tensor features(typename B::Network& network, const Tensor& image) {
    std::vector<Tensor> tokens;
    for (const Tensor& layer : network.forward_intermediates(image, {Blocks...})) tokens.push_back(layer.select(1, 0));
    return at::stack(tokens, 1);
  }
};
static_assert(Backbone<Layers<Dino, 0, -1>>);

}  // namespace opad
