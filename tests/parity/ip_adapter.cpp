// IP-Adapter's decoupled cross-attention, from both file formats.
#include <opad/adapter/ip_adapter.hpp>

#include "parity.hpp"

namespace {

void run(const parity::Case& c, parity::Report& report) {
  for (const char* file : {"ip-adapter.bin", "ip-adapter.safetensors"})
    for (const auto& scale : c.json.at("recipe").at("scales")) {
      const auto unet = opad::UNet2DConditionModel::from_pretrained(c.folder / "model");
      const auto adapter = opad::IpAdapter::load(*unet, c.folder / file, scale.get<double>());
      const auto text = c.at("in.encoder_hidden_states").clone().requires_grad_(),
                 image = c.at("in.image_embeds").clone().requires_grad_();
      const auto out = unet->forward(c.at("in.sample"), c.at("in.timestep"), adapter.condition(text, image));
      (out * c.at("in.grad_output")).sum().backward();
      report.tensor("out." + scale.dump(), out);
      report.tensor("grad." + scale.dump() + ".encoder_hidden_states", text.grad());
      report.tensor("grad." + scale.dump() + ".image_embeds", image.grad());
    }
}

const parity::Family family{"ip_adapter", run};

}  // namespace
