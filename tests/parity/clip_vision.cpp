// CLIPVisionModelWithProjection: embeddings, tokens, pooled state, gradient of the pixels.
#include <opad/models/clip_vision_model.hpp>

#include "parity.hpp"

namespace {

using opad::Tensor;

void run(const parity::Case& c, parity::Report& report) {
  const auto model = opad::CLIPVisionModelWithProjection::from_pretrained(c.folder / "model");
  const Tensor image = c.at("in.pixel_values").clone().requires_grad_();
  const Tensor states = model->last_hidden_state(image), pooled = model->pooled(states),
               embeds = model->visual_projection->forward(pooled);
  report.tensor("out.last_hidden_state", states);
  report.tensor("out.pooled", pooled);
  report.tensor("out.image_embeds", embeds);
  (embeds * c.at("in.grad_output")).sum().backward();
  report.tensor("grad.pixel_values", image.grad());
}

const parity::Family family{"clip_vision", run};

}  // namespace
