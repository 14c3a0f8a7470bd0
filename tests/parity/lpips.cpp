// LPIPS with an AlexNet (or VGG16) trunk.
#include <opad/models/lpips.hpp>

#include "parity.hpp"

namespace {

void run(const parity::Case& c, parity::Report& report) {
  const auto network = opad::LpipsNetwork::from_pretrained(c.folder / "model");
  const bool normalize = c.json.at("recipe").value("normalize", false);
  const auto x = c.at("in.x").clone().requires_grad_();
  const auto distance = network->distance(x, c.at("in.y"), normalize);
  report.tensor("out.distance", distance.view({-1, 1, 1, 1}));
  (distance * c.at("in.weight")).sum().backward();
  report.tensor("grad.x", x.grad());
  const auto features = network->features(normalize ? 2 * c.at("in.x") - 1 : c.at("in.x"));
  for (std::size_t i = 0; i < features.size(); ++i)
    report.tensor(c10::str("act.feature_mean.", i), features[i].mean({2, 3}));
}

const parity::Family family{"lpips_alex", run};

}  // namespace
