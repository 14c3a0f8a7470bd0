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

  explicit LpipsNetwork(Trunk trunk);

  /// From a .safetensors, .pth or .bin file, or a folder with one named model.safetensors.
  static std::shared_ptr<LpipsNetwork> from_pretrained(const std::filesystem::path& path);

  /// Activations behind the last ReLU of every slice.  image [B, 3, H, W] in [-1, 1] -> five of [B, C, h, w]
  std::vector<Tensor> features(const Tensor& image) const;

  /// One vector for each picture, in which LPIPS is the squared Euclidean distance.  [B, 3, H, W] in [-1, 1] -> [B, D]
  Tensor embed(const Tensor& image) const;

  /// LPIPS of pictures.  [B, 3, H, W] twice, in [-1, 1], or with `normalize` in [0, 1] -> [B]
  Tensor distance(const Tensor& x, const Tensor& y, bool normalize = false) const;

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

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/models/detail/lpips.hpp>
#endif
