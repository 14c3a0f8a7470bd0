#pragma once
#include <opad/models/lpips.hpp>

namespace opad {

OPAD_ONCE LpipsNetwork::LpipsNetwork(Trunk trunk) : trunk_(trunk) {
  const auto scaling = register_module("scaling_layer", std::make_shared<torch::nn::Module>());
  const auto colours = [](float r, float g, float b) { return torch::tensor({r, g, b}).view({1, 3, 1, 1}); };
  shift_ = scaling->register_parameter("shift", colours(-.030f, -.088f, -.188f), false);
  scale_ = scaling->register_parameter("scale", colours(.458f, .448f, .450f), false);
  const auto net = register_module("net", std::make_shared<torch::nn::Module>());
  std::int64_t in = 3, index = 0;
  for (std::size_t s = 0; s < slices().size(); ++s) {
    const auto slice = net->register_module(c10::str("slice", s + 1), std::make_shared<torch::nn::Module>());
    const Slice& plan = slices()[s];
    auto& convolutions = convolutions_.emplace_back();
    index += plan.pool > 0;
    for (std::int64_t i = 0; i < plan.convolutions; ++i, index += 2) {  // each is followed by a ReLU
      auto convolution = std::make_shared<Conv2d>(in, plan.width, plan.kernel, plan.stride, plan.padding);
      convolutions.push_back(slice->register_module(std::to_string(index), convolution));
      in = plan.width;
    }
    const auto head = register_module(c10::str("lin", s), std::make_shared<torch::nn::Module>());
    const auto model = head->register_module("model", std::make_shared<torch::nn::Module>());
    heads_.push_back(model->register_module("1", std::make_shared<Conv2d>(in, 1, 1, 1, 0, false)));
  }
}

OPAD_ONCE std::shared_ptr<LpipsNetwork> LpipsNetwork::from_pretrained(const std::filesystem::path& path) {
  Tensors tensors = is_folder(path) ? read_weights(path, "model") : read_weight_file(path);
  const auto network =
      std::make_shared<LpipsNetwork>(tensors.contains("net.slice1.2.weight") ? Trunk::Vgg16 : Trunk::AlexNet);
  std::erase_if(tensors, [](const auto& item) { return item.first.starts_with("lins."); });  // the heads once more
  tensors.try_emplace("scaling_layer.shift", network->shift_);
  tensors.try_emplace("scaling_layer.scale", network->scale_);
  load_parameters(*network, tensors, path.string());
  for (const auto& head : network->heads_)
    require(head->weight.ge(0).all().item<bool>(), path.string(),
            ": a head (lin*.model.1.weight) has negative weights, which make no distance; give LPIPS of version 0.1");
  return network;
}

OPAD_ONCE std::vector<Tensor> LpipsNetwork::features(const Tensor& image) const {
  const std::int64_t least = trunk_ == Trunk::AlexNet ? 31 : 16;
  require(image.dim() == 4 && image.size(1) == 3 && std::min(image.size(2), image.size(3)) >= least,
          "LpipsNetwork: pictures ", image.sizes(), "; give [B, 3, H, W] of at least ", least, " pixels a side");
  Tensor x = (image - shift_) / scale_;
  std::vector<Tensor> layers;
  for (std::size_t s = 0; s < convolutions_.size(); ++s) {
    const std::int64_t pool = slices()[s].pool;
    if (pool > 0) x = at::max_pool2d(x, pool, 2);
    for (const auto& convolution : convolutions_[s]) x = at::relu(convolution->forward(x));
    layers.push_back(x);
  }
  return layers;
}

OPAD_ONCE Tensor LpipsNetwork::embed(const Tensor& image) const {
  std::vector<Tensor> parts;
  const auto layers = features(image);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Tensor& f = layers[i];
    const Tensor norm =
        f.square().sum(1, true).clamp_min(1e-20).sqrt() + 1e-10;  // clamped: the root's slope at 0 is infinite
    parts.push_back((f / norm * (heads_[i]->weight / static_cast<double>(f.size(2) * f.size(3))).sqrt()).flatten(1));
  }
  return at::cat(parts, 1);
}

OPAD_ONCE Tensor LpipsNetwork::distance(const Tensor& x, const Tensor& y, bool normalize) const {
  require_same_shape("LpipsNetwork", x, y);
  return normalize ? distance(2 * x - 1, 2 * y - 1) : (embed(x) - embed(y)).square().sum(1);
}

}  // namespace opad
