// Models at their real size: forward only, and by relative error, |got - want| <= limit max |want|
// (tests/oracle/full_size_parity.py).
#include <opad/models/autoencoder_kl.hpp>
#include <opad/models/clip_text_model.hpp>
#include <opad/models/clip_vision_model.hpp>
#include <opad/models/unet_2d_condition.hpp>
#include <opad/models/vision_transformer.hpp>

#include "parity.hpp"

namespace {

void run(const parity::Case& c, parity::Report& report) {
  torch::NoGradGuard no_grad;
  const std::string kind = c.json.at("recipe").at("kind");
  const double limit = c.json.at("recipe").at("limit");
  const auto model = c.folder / "model";
  const auto compare = [&](const std::string& name, const parity::Tensor& got) {
    const auto want = c.at(name);
    const double error =
        got.sizes() == want.sizes() ? ((got - want).abs().max() / want.abs().max()).item<double>() : 1.0;
    report.handled(name);
    report.check(name, error <= limit, c10::str("relative error ", error));
  };
  if (kind == "unet") {
    const auto unet = opad::UNet2DConditionModel::from_pretrained(model);
    compare("out.sample", unet->forward(c.at("in.sample"), c.at("in.timestep"), c.at("in.encoder_hidden_states")));
  } else if (kind == "vae") {
    const auto vae = opad::AutoencoderKL::from_pretrained(model);
    const auto latent = vae->encode(c.at("in.image"));
    compare("out.mean", latent.mean);
    compare("out.logvar", latent.logvar);
    compare("out.decoded", vae->decode(c.at("in.latents")));
  } else if (kind == "clip_text") {
    compare("out.last_hidden_state", opad::CLIPTextModel::from_pretrained(model)->forward(c.at("in.input_ids")));
  } else if (kind == "clip_vision") {
    compare("out.image_embeds",
            opad::CLIPVisionModelWithProjection::from_pretrained(model)->forward(c.at("in.pixel_values")));
  } else {
    opad::require(kind == "vit", c.folder.string(), ": no kind '", kind, "'");
    const auto vit = opad::VisionTransformer::from_pretrained(model);
    compare("out.tokens", vit->forward_features(c.at("in.image")));
    compare("out.pooled", vit->forward(c.at("in.image")));
  }
}

const parity::Family family{"full_size", run};

}  // namespace
