// IP-Adapter's identity tokens, the identity loss for each image, and the discriminator's features.
#include <opad/models/image_projection.hpp>

#include "parity.hpp"

namespace {

using opad::Tensor;

void run(const parity::Case& c, parity::Report& report) {
  const auto encoder = opad::IdentityNetwork::from_pretrained(c.folder / "model" / "image_encoder",
                                                              c.folder / "model" / "ip-adapter.safetensors");
  const std::vector<std::int64_t> size(2, encoder->image_size());
  const auto resized = [&](const Tensor& image) {
    return at::upsample_bilinear2d(image, size, /*align_corners=*/false);
  };

  const Tensor student = c.at("in.student").clone().requires_grad_(), target = c.at("in.target");
  const Tensor small = resized(student), tokens = encoder->forward(small), wanted = encoder->forward(resized(target));
  const Tensor loss = 1 - at::cosine_similarity(tokens, wanted, -1).mean(1);
  report.tensor("out.tokens_student", tokens);
  report.tensor("out.tokens_target", wanted);
  report.tensor("out.loss", loss);
  report.tensor("act.resized_student", small);
  report.tensor("out.discriminator_features", encoder->forward(at::adaptive_avg_pool2d(target, size)).flatten(1));
  (loss * c.at("in.weight")).sum().backward();
  report.tensor("grad.student", student.grad());
}

const parity::Family family{"identity", run};

}  // namespace
