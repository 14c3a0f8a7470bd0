#include <torch/csrc/autograd/autograd.h>

#include <opad/core/autocast.hpp>
#include <opad/core/shapes.hpp>
#include <opad/models/autoencoder_kl.hpp>
#include <opad/models/clip_vision_model.hpp>
#include <opad/models/vision_transformer.hpp>

#include "support/catch.hpp"
#include "support/small_unet.hpp"

using namespace opad;

namespace {

/// A network, what goes in (the first tensor learns), and its answer.
struct Case {
  std::string name;
  std::shared_ptr<torch::nn::Module> network;
  std::function<Tensor(const Tensor&)> answer;
  Tensor input;
};

Tensor normal(const Shape& shape) { return Random(3).stream("input").normal(shape); }

/// What trains of each network: some of its weights.
std::vector<Case> cases() {
  std::vector<Case> out;
  const auto unet = small_unet();
  const SmallUNetInputs in(2);
  out.push_back({"U-Net", unet,
                 [unet, in](const Tensor& text) {
                   return unet->forward(in.sample.to(text.device()), in.timestep.to(text.device()), text);
                 },
                 in.text});
  AutoencoderKLConfig config;
  config.block_out_channels = {8, 16};
  config.down_block_types = {2, "DownEncoderBlock2D"}, config.up_block_types = {2, "UpDecoderBlock2D"};
  config.norm_num_groups = 4;
  const auto vae = std::make_shared<AutoencoderKL>(config);
  out.push_back({"VAE", vae, [vae](const Tensor& latent) { return vae->decode(latent); }, normal({2, 4, 8, 8})});
  VisionTransformerConfig vit;
  vit.img_size = {32, 32}, vit.patch_size = 8, vit.embed_dim = 24, vit.depth = 3, vit.num_heads = 2;
  const auto dino = std::make_shared<VisionTransformer>(vit);
  out.push_back({"ViT", dino,
                 [dino](const Tensor& image) {
                   return dino->forward(image) + dino->forward_intermediates(image, {1})[0].select(1, 0);
                 },
                 normal({2, 3, 32, 32})});
  CLIPVisionConfig clip;
  clip.hidden_size = 24, clip.intermediate_size = 48, clip.num_hidden_layers = 3, clip.num_attention_heads = 2,
  clip.image_size = 32, clip.patch_size = 8, clip.projection_dim = 10;
  const auto vision = std::make_shared<CLIPVisionModelWithProjection>(clip);
  out.push_back(
      {"CLIP", vision, [vision](const Tensor& image) { return vision->forward(image); }, normal({2, 3, 32, 32})});
  for (auto& each : out) {
    fill_random(*each.network, Random(5));
    for (auto& item : each.network->named_parameters())
      if (item.key().find("to_k") != std::string::npos || item.key().find("conv2") != std::string::npos ||
          item.key().find("norm") != std::string::npos || item.key().find("fc1") != std::string::npos)
        item.value().requires_grad_();
  }
  return out;
}

/// Gradients of a sum of squares by the input and by what trains.
std::vector<Tensor> inputs_of(const Case& c) {
  std::vector<Tensor> inputs{c.input.detach().requires_grad_()};
  for (const auto& p : c.network->parameters())
    if (p.requires_grad()) inputs.push_back(p);
  return inputs;
}
template <class Gradients>
std::vector<Tensor> with(bool checkpointing, const Case& c, const Gradients& gradients) {
  set_gradient_checkpointing(*c.network, checkpointing);
  return gradients(c);
}
void require_equal(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    REQUIRE(a[i].defined() == b[i].defined());
    if (a[i].defined()) REQUIRE(at::equal(a[i], b[i]));
  }
}
std::vector<Tensor> gradients(const Tensor& loss, const std::vector<Tensor>& inputs, bool keep, bool create) {
  return torch::autograd::grad({loss}, inputs, {}, keep, create, /*allow_unused=*/true);
}

}  // namespace

TEST_CASE("Checkpointed networks have the usual gradients, bit for bit", "[models][checkpointing]") {
  const bool bfloat16 = GENERATE(false, true);
  for (const Case& c : cases()) {
    INFO(c.name << (bfloat16 ? ", bfloat16" : ""));
    const auto twice = [&](const Case& each) {
      const auto inputs = inputs_of(each);
      const Tensor loss = network_pass(bfloat16, torch::kCPU, [&] { return each.answer(inputs[0]); }).square().sum();
      auto all = gradients(loss, inputs, /*keep=*/true, false);  // and once more through the same graph
      for (const auto& g : gradients(loss, inputs, false, false)) all.push_back(g);
      all.push_back(loss.detach());
      return all;
    };
    require_equal(with(true, c, twice), with(false, c, twice));
  }
}

TEST_CASE("A gradient's own gradient goes through checkpointed blocks", "[models][checkpointing]") {
  // without the decoder's middle: LibTorch's attention has no second derivative
  const Case vae = cases()[1];
  const auto penalty = [](const Case& each) {
    const auto inputs = inputs_of(each);
    const auto decoder = std::dynamic_pointer_cast<AutoencoderKL>(each.network)->decoder;
    const bool on = std::dynamic_pointer_cast<AutoencoderKL>(each.network)->gradient_checkpointing;
    Tensor x = decoder->conv_in->forward(inputs[0]);
    for (const auto& block : *decoder->up_blocks) x = block->forward(x, on);
    const Tensor slope = gradients(x.square().sum(), {inputs[0]}, true, true)[0];
    return gradients(slope.square().sum(), inputs, false, false);
  };
  require_equal(with(true, vae, penalty), with(false, vae, penalty));
}

TEST_CASE("Checkpointed networks hold less for the backward pass", "[models][checkpointing]") {
  shapes::prepare();
  for (const Case& c : cases()) {
    INFO(c.name);
    c.network->to(torch::kMeta);
    Case there = c;
    there.input = c.input.to(torch::kMeta);
    const auto inputs = inputs_of(there);
    const auto bytes = [&](bool on) {  // held between the passes, and at most
      set_gradient_checkpointing(*c.network, on);
      const auto before = shapes::bytes().now;
      shapes::forget_most();
      const Tensor loss = c.answer(inputs[0]).square().sum();
      const auto held = shapes::bytes().now - before;
      gradients(loss, inputs, false, false);
      return std::pair(held, shapes::bytes().most - before);
    };
    const auto with = bytes(true), without = bytes(false);
    CHECK(2 * with.first < without.first);
    CHECK(with.second < without.second);
  }
}

TEST_CASE("Without gradients, and within a block, nothing is checkpointed", "[core][checkpointing]") {
  int runs = 0;
  const auto block = [&runs](const Tensor& x) {
    ++runs;
    return x.exp().exp();
  };
  const Tensor x = torch::ones({2}).requires_grad_();
  {
    torch::NoGradGuard no_grad;
    REQUIRE_FALSE(checkpointed(true, block, x).requires_grad());
  }
  REQUIRE(runs == 1);
  const auto outer = [&block](const Tensor& y) { return checkpointed(true, block, y.exp()); };
  const Tensor loss = checkpointed(true, outer, x).sum();
  REQUIRE(runs == 2);
  const auto gradient = gradients(loss, {x}, false, false)[0];
  REQUIRE(runs == 3);  // once again, not twice
  REQUIRE(at::equal(gradient, gradients(outer(x).sum(), {x}, false, false)[0]));
}

TEST_CASE("A block that is changed between its runs is refused in one line", "[core][checkpointing]") {
  const Tensor x = torch::ones({2}).requires_grad_();
  int runs = 0;
  const Tensor other =
      checkpointed(true, [&runs](const Tensor& y) { return ++runs == 1 ? y.exp().exp() : y.exp(); }, x);
  REQUIRE_THROWS_WITH(gradients(other.sum(), {x}, false, false),
                      ContainsSubstring("a block kept 2 tensors and then 1"));
  const Tensor changed = x.detach().clone();
  const Tensor product = checkpointed(true, [](const Tensor& y, const Tensor& z) { return y * z; }, x, changed);
  changed.add_(1);
  REQUIRE_THROWS_WITH(gradients(product.sum(), {x}, false, false), ContainsSubstring("changed in place"));
}
