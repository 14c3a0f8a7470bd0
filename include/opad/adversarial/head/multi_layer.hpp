#pragma once
#include <boost/hana.hpp>

#include <opad/adversarial/head/perceptron.hpp>
#include <opad/core/number_error.hpp>

namespace opad {

/// A projection and a judgement of its own for each token: for Features<Layers<Dino, ...>>, where a token is a depth of
/// the network. Sauer et al., "Projected GANs Converge Faster", NeurIPS 2021, arXiv 2111.01007 (there the projections
/// are random and fixed).
struct MultiLayer {
  static constexpr std::string_view name = "multi-layer";
  std::int64_t hidden = 64;
  void check() const { require_number(hidden > 0, "MultiLayer", "hidden", hidden, "a width of 1 or more"); }
  std::shared_ptr<HeadNetwork> build(std::int64_t tokens, std::int64_t width, std::int64_t outputs,
                                     Stream& stream) const {
    check();
    return std::make_shared<detail::PerTokenNetwork>(tokens, std::vector{width, hidden, outputs}, stream);
  }
};
static_assert(Head<MultiLayer>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::MultiLayer, hidden);
