#pragma once
#include <boost/hana.hpp>

#include <opad/adversarial/regulariser/regulariser.hpp>

namespace lab {

/// Keeps the judgement of real pictures near zero:  epsilon mean D(x)^2.
/// Karras et al., "Progressive Growing of GANs", ICLR 2018, arXiv 1710.10196; epsilon: theirs.
struct Drift {
  static constexpr std::string_view name = "drift";
  double epsilon = 0.001;
  opad::Tensor penalty(const opad::Judge& judge, const opad::Tensor& real) const {  // [B, tokens, width] -> []
    opad::require(epsilon >= 0, "Drift: epsilon = ", epsilon, "; give 0 or more");
    return epsilon * opad::realness(judge(real)).square().mean();
  }
};
static_assert(opad::Regulariser<Drift>);

}  // namespace lab

BOOST_HANA_ADAPT_STRUCT(lab::Drift, epsilon);
