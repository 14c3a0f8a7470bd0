#pragma once
#include <boost/hana.hpp>

#include <opad/adversarial/head/head.hpp>

namespace lab {

/// A gated linear unit on the flattened features:  ((x V) * sigmoid(x G)) J.
/// Dauphin et al., "Language Modeling with Gated Convolutional Networks", ICML 2017, arXiv 1612.08083.
struct Gated {
  static constexpr std::string_view name = "gated";
  std::int64_t hidden = 64;

  struct Network : opad::HeadNetwork {
    opad::Tensor value, gate, judge;
    opad::Tensor forward(const opad::Tensor& features) const override {  // [B, tokens, width] -> [B, outputs]
      const opad::Tensor x = features.flatten(1);
      return at::matmul(at::matmul(x, value) * at::matmul(x, gate).sigmoid(), judge);
    }
  };
  std::shared_ptr<opad::HeadNetwork> build(std::int64_t tokens, std::int64_t width, std::int64_t outputs,
                                           opad::Stream& stream) const {
    opad::require(hidden > 0, "Gated: hidden = ", hidden, "; give a positive width");
    const auto network = std::make_shared<Network>();
    const auto matrix = [&](const char* name, std::int64_t in, std::int64_t out) {
      return network->register_parameter(name, stream.normal({in, out}) / std::sqrt(static_cast<double>(in)));
    };
    network->value = matrix("value", tokens * width, hidden);
    network->gate = matrix("gate", tokens * width, hidden);
    network->judge = matrix("judge", hidden, outputs);
    return network;
  }
};
static_assert(opad::Head<Gated>);

}  // namespace lab

BOOST_HANA_ADAPT_STRUCT(lab::Gated, hidden);
