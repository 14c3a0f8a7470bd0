#pragma once
/// The laws that every Space, every Backbone and every way of resizing obeys (space/, encoder/).
#include <opad/encoder/backbone.hpp>
#include <opad/space/networks.hpp>
#include <opad/space/resize.hpp>

#include "laws/gradient.hpp"

namespace laws {

/// The asked size, gradients, and (unless it pads) an even picture stays even.
template <class R>
void resize_policy(const R& resize, bool pads = false) {
  const Tensor image = opad::Random(3).stream("image").normal({2, 3, 6, 8}).to(torch::kFloat64);
  REQUIRE(resize(image, 9, 11).sizes() == at::IntArrayRef{2, 3, 9, 11});
  if (!pads) REQUIRE(resize(image, 4, 5).sizes() == at::IntArrayRef{2, 3, 4, 5});
  if (!pads)
    REQUIRE(at::allclose(resize(at::full_like(image, 0.3), 9, 11), torch::full({2, 3, 9, 11}, 0.3, torch::kFloat64)));
  gradient([&](const Tensor& x) { return resize(x, 9, 11).square(); }, image);
}

/// What a function of pictures must not lack: sample i sees only sample i, the same again when asked again, and a
/// gradient that reaches every picture.
template <class Function>
void sees_each(const Function& render, const Tensor& input) {
  const Tensor leaf = input.clone().requires_grad_(), value = render(leaf);
  REQUIRE(value.size(0) == input.size(0));
  REQUIRE(at::isfinite(value).all().template item<bool>());
  REQUIRE(at::equal(render(input), value));
  Tensor other = input.clone();
  other[1] += 0.5;
  const Tensor changed = render(other);
  REQUIRE(at::allclose(changed[0], value[0], 1e-3, 1e-4));
  REQUIRE_FALSE(at::allclose(changed[1], value[1], 1e-3, 1e-4));
  const Tensor gradient = torch::autograd::grad({value.square().sum()}, {leaf})[0];
  REQUIRE(at::isfinite(gradient).all().template item<bool>());
  REQUIRE((gradient.flatten(1).abs().amax(1) > 0).all().template item<bool>());
}

/// Rendered from its `from`: one entry for each sample, differentiable.
///   input   of `from`, two samples
template <opad::Space S>
void space(opad::Networks& networks, const Tensor& input) {
  sees_each([&](const Tensor& x) { return S::render(networks, x); }, input);
}

/// [B, 3, s, s] -> [B, tokens, width] at the side that it asks for, frozen or not; its colours are those of RGB in [0,
/// 1].
template <opad::Backbone B>
void backbone(typename B::Network& network) {
  const std::int64_t side = B::resolution(network);
  REQUIRE(side > 0);
  const Tensor image = opad::Random(3).stream("image").normal({2, 3, side, side});
  REQUIRE(B::features(network, image).dim() == 3);
  sees_each([&](const Tensor& x) { return B::features(network, x); }, image);
  for (int c = 0; c < 3; ++c) {
    REQUIRE((0 < B::mean[c] && B::mean[c] < 1));
    REQUIRE((0 < B::deviation[c] && B::deviation[c] < 1));
  }
}

}  // namespace laws
