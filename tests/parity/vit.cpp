// timm's VisionTransformer, and its resampling of position embeddings.
#include <torch/autograd.h>

#include <opad/models/vision_transformer.hpp>

#include "parity.hpp"

namespace {

using opad::Tensor;

void run_resample(const parity::Case& c, const opad::Json& recipe, parity::Report& report) {
  const auto old_size = recipe.at("old_size").get<std::array<std::int64_t, 2>>();
  for (const auto& entry : recipe.at("new_sizes")) {
    const auto size = entry.get<std::array<std::int64_t, 2>>();
    report.tensor(
        c10::str("out.", size[0], "x", size[1]),
        opad::resample_abs_pos_embed(c.at("in.pos_embed"), size, old_size, recipe.at("prefix").get<std::int64_t>()));
  }
}

void run(const parity::Case& c, parity::Report& report) {
  const opad::Json config = opad::read_json(c.folder / "model" / "config.json");
  if (config.contains("resample")) return run_resample(c, config.at("resample"), report);

  const auto model = opad::VisionTransformer::from_pretrained(c.folder / "model");
  const Tensor image = c.at("in.image").clone().requires_grad_(), tokens = model->forward_features(image),
               pooled = model->forward(image);
  report.tensor("out.tokens", tokens);
  report.tensor("out.pooled", pooled);
  report.tensor("grad.image_from_pooled", torch::autograd::grad({(pooled * c.at("in.grad_pooled")).sum()}, {image})[0]);
  report.tensor("grad.image_from_tokens", torch::autograd::grad({(tokens * c.at("in.grad_tokens")).sum()}, {image})[0]);
  std::vector<std::int64_t> all(static_cast<std::size_t>(model->config.depth));
  std::iota(all.begin(), all.end(), 0);
  const auto blocks = model->forward_intermediates(image, all);
  for (const std::int64_t i : all) report.tensor(c10::str("act.block.", i), blocks[static_cast<std::size_t>(i)]);
}

const parity::Family family{"vit", run};

}  // namespace
