#pragma once
#include <opad/core/once.hpp>
#include <opad/io/weights.hpp>
#include <opad/models/layers.hpp>
#include <opad/models/parameters.hpp>

namespace opad {

/// Learned perceptual image patch similarity: how different two pictures look to a classifier's convolutions, each
/// channel weighted as human judgements taught.
///   d = sum over layers of mean over positions of sum over channels of w_c (f_c(x) - f_c(y))^2
///   f = activations / their norm over channels
/// Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018, arXiv 1801.03924.
/// Trunks AlexNet and VGG16, named as in the state_dict of the package lpips 0.1 (net.slice1.0.weight,
/// lin0.model.1.weight); the file's keys tell which trunk it is.
struct LpipsNetwork : torch::nn::Module {
  enum class Trunk { AlexNet, Vgg16 };

  OPAD_ONCE explicit LpipsNetwork(Trunk trunk) : trunk_(trunk) {
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

  /// From a .safetensors, .pth or .bin file, or a folder with one named model.safetensors.
  OPAD_ONCE static std::shared_ptr<LpipsNetwork> from_pretrained(const std::filesystem::path& path) {
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

  /// Activations behind the last ReLU of every slice.  image [B, 3, H, W] in [-1, 1] -> five of [B, C, h, w]
  OPAD_ONCE std::vector<Tensor> features(const Tensor& image) const {
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

  /// One vector for each picture, in which LPIPS is the squared Euclidean distance.  [B, 3, H, W] in [-1, 1] -> [B, D]
  OPAD_ONCE Tensor embed(const Tensor& image) const {
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

  /// LPIPS of pictures.  [B, 3, H, W] twice, in [-1, 1], or with `normalize` in [0, 1] -> [B]
  OPAD_ONCE Tensor distance(const Tensor& x, const Tensor& y, bool normalize = false) const {
    require_same_shape("LpipsNetwork", x, y);
    return normalize ? distance(2 * x - 1, 2 * y - 1) : (embed(x) - embed(y)).square().sum(1);
  }

 private:
  /// Convolutions of one width, behind a max pooling of stride 2 (pool 0: none).
  struct Slice {
    std::int64_t pool, convolutions, width, kernel, stride, padding;
  };
  const std::vector<Slice>& slices() const {
    static const std::vector<Slice> alex{
        {0, 1, 64, 11, 4, 2}, {3, 1, 192, 5, 1, 2}, {3, 1, 384, 3, 1, 1}, {0, 1, 256, 3, 1, 1}, {0, 1, 256, 3, 1, 1}};
    static const std::vector<Slice> vgg{
        {0, 2, 64, 3, 1, 1}, {2, 2, 128, 3, 1, 1}, {2, 3, 256, 3, 1, 1}, {2, 3, 512, 3, 1, 1}, {2, 3, 512, 3, 1, 1}};
    return trunk_ == Trunk::AlexNet ? alex : vgg;
  }

  Trunk trunk_;
  Tensor shift_, scale_;
  std::vector<std::vector<std::shared_ptr<Conv2d>>> convolutions_;
  std::vector<std::shared_ptr<Conv2d>> heads_;
};

}  // namespace opad
