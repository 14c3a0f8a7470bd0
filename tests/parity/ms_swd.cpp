// Multi-scale sliced Wasserstein distance by the fixture's projections.
#include <opad/loss/ms_swd.hpp>

#include "parity.hpp"

namespace {

void run(const parity::Case& c, parity::Report& report) {
  std::vector<parity::Tensor> projections;
  for (std::int64_t level = 0; level < c.json.at("recipe").at("levels").get<std::int64_t>(); ++level)
    projections.push_back(c.at(c10::str("in.projections.", level)));
  const auto x = c.at("in.x").clone().requires_grad_();
  const auto distance = opad::MsSwd::distance(x, c.at("in.y"), projections);
  report.tensor("out.distance", distance);
  (distance * c.at("in.weight")).sum().backward();

  // Where two sorted projections cross, rounding flips single terms of the gradient: the case's note accepts few such
  // elements.
  const auto want = c.at("grad.x"), error = (x.grad() - want).abs();
  const auto& entry = c.json.at("outputs").at("grad.x");
  const auto tolerance = entry.at("atol").get<double>() + entry.at("rtol").get<double>() * want.abs();
  const double missed = (error > tolerance).to(torch::kFloat64).mean().item<double>();
  const double relative = (error.norm() / want.norm()).item<double>();
  report.handled("grad.x");
  report.check("grad.x", x.grad().sizes() == want.sizes() && missed < 1e-3 && relative < 1e-3,
               c10::str("relative error ", relative, ", ", 100 * missed, " % of the elements beyond the tolerance"));
}

const parity::Family family{"ms_swd", run};

}  // namespace
