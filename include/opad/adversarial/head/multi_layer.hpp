#pragma once
#include <boost/hana.hpp>

#include <opad/adversarial/head/perceptron.hpp>

namespace opad {

/// A projection and a judgement of its own for each token: for Features<Layers<Dino, ...>>, where a token is a depth of
/// the network. Sauer et al., "Projected GANs Converge Faster", NeurIPS 2021, arXiv 2111.01007 (there the projections
/// are random and fixed).
struct MultiLayer {
  static constexpr std::string_view name = "multi-layer";
  std::int64_t hidden = 64;
  std::shared_ptr<HeadNetwork> build(std::int64_t tokens, std::int64_t width, std::int64_t outputs,
                                     Stream& stream) const {
    require(hidden > 0, "MultiLayer: hidden = ", hidden, "; give a positive width");
    return std::make_shared<detail::PerTokenNetwork>(tokens, std::vector{width, hidden, outputs}, stream);
  }
};
static_assert(Head<MultiLayer>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::MultiLayer, hidden);
