#pragma once
/// The laws that every TimestepWeight obeys (weighting/weighting.hpp).
#include <opad/weighting/weighting.hpp>

#include "support/catch.hpp"

namespace laws {

/// In [0, 1], one number for each sample, that sees no other; not smaller where less noise is left.
template <opad::TimestepWeight W>
void weighting(const W& weighting) {
  const opad::Tensor alpha_bar = torch::linspace(0.001, 0.999, 50, torch::kFloat64), omega = weighting(alpha_bar);
  REQUIRE(omega.sizes() == at::IntArrayRef{50});
  REQUIRE((omega >= 0).all().template item<bool>());
  REQUIRE((omega <= 1).all().template item<bool>());
  REQUIRE((omega.diff() >= 0).all().template item<bool>());
  REQUIRE(at::equal(weighting(alpha_bar.narrow(0, 7, 1)), omega.narrow(0, 7, 1)));
  REQUIRE(weighting(torch::ones({1})).template item<double>() == Approx(1));  // a clean answer counts in full
}

}  // namespace laws
