// Family "unet": UNet2DConditionModel forward, and gradients of the sample, the text and single parameters.
#include "parity.hpp"

#include <opad/models/unet_2d_condition.hpp>

namespace {

void run(const parity::Case& c, parity::Report& report) {
  const auto unet = opad::UNet2DConditionModel::from_pretrained(c.folder / "model");
  for (auto& parameter : unet->parameters()) parameter.requires_grad_(true);
  const auto sample = c.at("in.sample").clone().requires_grad_(),
             text = c.at("in.encoder_hidden_states").clone().requires_grad_();
  const auto out = unet->forward(sample, c.at("in.timestep"), text);
  (out * c.at("in.grad_output")).sum().backward();
  report.tensor("out.sample", out);
  report.tensor("grad.sample", sample.grad());
  report.tensor("grad.encoder_hidden_states", text.grad());
  for (const auto& item : unet->named_parameters())
    if (const auto name = "grad.param." + item.key(); c.has(name)) report.tensor(name, item.value().grad());

  const auto old = c.folder / "config_old.json";  // the same model, described by the few keys of an old file
  if (!std::filesystem::exists(old)) return;
  opad::UNet2DConditionModel again(opad::UNet2DConditionConfig::from_json(opad::read_json(old), old.string()));
  opad::load_parameters(again, opad::read_weights(c.folder / "model", "diffusion_pytorch_model"), old.string());
  for (auto& parameter : again.parameters()) parameter.requires_grad_(true);  // PyTorch chooses its kernels by that too
  report.check("config_old.json", at::equal(again.forward(sample, c.at("in.timestep"), text), out),
               "gives the same output");
}

const parity::Family family{"unet", run};

}  // namespace
