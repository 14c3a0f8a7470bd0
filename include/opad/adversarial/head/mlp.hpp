#pragma once
#include <boost/hana.hpp>

#include <opad/adversarial/head/perceptron.hpp>
#include <opad/core/number_error.hpp>

namespace opad {

/// Linear, ReLU, linear on the flattened features. The released trainer's; default width: its.
struct Mlp {
  static constexpr std::string_view name = "mlp";
  std::int64_t hidden = 512;
  void check() const { require_number(hidden > 0, "Mlp", "hidden", hidden, "a width of 1 or more"); }
  std::shared_ptr<HeadNetwork> build(std::int64_t tokens, std::int64_t width, std::int64_t outputs,
                                     Stream& stream) const {
    check();
    return std::make_shared<detail::PerceptronNetwork>(std::vector{tokens * width, hidden, outputs}, stream);
  }
};
static_assert(Head<Mlp>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::Mlp, hidden);
