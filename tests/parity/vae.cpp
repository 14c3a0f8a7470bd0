// Family "vae": AutoencoderKL's moments, a sample from given noise, decoding, and gradients.
#include "parity.hpp"

#include <opad/models/autoencoder_kl.hpp>

namespace {

void run(const parity::Case& c, parity::Report& report) {
  const auto vae = opad::AutoencoderKL::from_pretrained(c.folder / "model");
  for (auto& parameter : vae->parameters()) parameter.requires_grad_(true);
  const auto image = c.at("in.image").clone().requires_grad_(), latents = c.at("in.latents").clone().requires_grad_();
  const auto latent = vae->encode(image);
  (latent.mean * c.at("in.grad_mean")).sum().backward();
  const auto decoded = vae->decode(latents);
  (decoded * c.at("in.grad_image")).sum().backward();
  report.tensor("out.mean", latent.mean);
  report.tensor("out.logvar", latent.logvar);
  report.tensor("out.std", latent.std());
  report.tensor("out.sample", latent.sample(c.at("in.noise")));
  report.tensor("out.decoded", decoded);
  report.tensor("grad.latents", latents.grad());
  report.tensor("grad.image", image.grad());
  for (const auto& item : vae->named_parameters())
    if (const auto name = "grad.param." + item.key(); c.has(name)) report.tensor(name, item.value().grad());
  if (const auto& scalars = c.json.value("scalars", opad::Json::object()); scalars.contains("scaling_factor"))
    report.check("scaling_factor", vae->config.scaling_factor == scalars.at("scaling_factor").get<double>());
}

const parity::Family family{"vae", run};

}  // namespace
