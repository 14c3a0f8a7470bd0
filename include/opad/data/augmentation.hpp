#pragma once
#include <boost/hana/adapt_struct.hpp>

#include <algorithm>
#include <string>

#include <opad/core/error.hpp>
#include <opad/core/number_error.hpp>
#include <opad/core/once.hpp>
#include <opad/core/random.hpp>
#include <opad/core/tensor.hpp>
#include <opad/data/prompt_templates.hpp>
#include <opad/io/resize.hpp>

namespace opad {

/// One training example.
struct Item {
  Tensor image;  // [3, S, S] float32 in [-1, 1]: value / 127.5 - 1
  Tensor mask;   // [1, S/f, S/f] float32, 1 where the loss counts
  std::string prompt;
  Tensor whole;  // like image, but a picture that was made small fills it here; without augmentation, or enlarged: the
                 // image
};

/// How photographs are varied. Probabilities are those of Custom Diffusion (Kumari et al., CVPR 2023, arXiv
/// 2212.04488).
struct Augmentation {
  bool enabled = true;  // random scale and place; off: the whole picture at its size
  bool hflip = true;    // mirror some pictures, also with `enabled` off
  double hflip_probability = 0.5;
  double shrink_probability =
      0.66;  // of a scale in [size // 3, size]; else the picture is enlarged 1.2 to 1.4 times and cut

  void check() const {
    const auto is_probability = [](double p) { return 0 <= p && p <= 1; };
    require_number(is_probability(hflip_probability), "augmentation", "hflip_probability", hflip_probability, "0 to 1");
    require_number(is_probability(shrink_probability), "augmentation", "shrink_probability", shrink_probability,
                   "0 to 1");
  }
};

/// Turns photographs (uint8 [H, W, 3], any size) into training examples of size x size pixels.
///   draws, in this order: mirror (also with hflip off); small or large; scale; top; left; words
///   scale <= size: squashed to scale x scale on a canvas of zeros; mask 1 in latent rows
///                  top//f + 1 ... (top + scale)//f - 2, columns likewise: the cells that see the edge of the picture
///                  do not count, also at scale = size
///   scale >  size: a random cut of size x size; mask all 1
///   scale < 0.6 size: "a far away" or "very small" goes after the prompt's first word;
///   scale > size: "zoomed in" or "close up"
/// The smallest scale is max(size // 3, 3 f): anything smaller could leave no cell in the mask, and the loss 0/0. (At
/// 512 pixels and f = 8 that bound is never met.)
/// Throws Error unless size is a multiple of f and at least 3 f.
class ConceptTransform {
 public:
  ConceptTransform(Augmentation options, std::int64_t size, std::int64_t factor)
      : options_(options),
        size_(size),
        factor_(factor) {
    require(factor > 0 && size > 0 && size % factor == 0, "augmentation: pictures of ", size,
            " pixels are no multiple of the VAE's factor ", factor, "; give such a resolution");
    require(size >= 3 * factor, "augmentation: pictures of ", size,
            " pixels leave no latent cell inside the masked border; give a resolution of ", 3 * factor, " or more");
    options.check();
  }

  std::int64_t smallest_scale() const { return std::max(size_ / 3, 3 * factor_); }

  /// An example of the concept.
  OPAD_ONCE Item instance(const Tensor& picture, const std::string& prompt, Stream& random) const {
    const bool mirror = random.bernoulli(options_.hflip_probability) && options_.hflip;
    const std::int64_t scale = options_.enabled ? draw_scale(random) : size_, room = std::abs(size_ - scale);
    const std::int64_t top = random.integer(0, room + 1), left = random.integer(0, room + 1);
    const Tensor upright = mirror ? flip(picture) : picture,
                 squashed = values(resize(upright, scale, scale, Filter::Bilinear));
    if (scale > size_) {
      const Tensor cut = window(squashed, top, left, size_);
      return {cut, ones(), insert_words(prompt, near_words[random.integer(0, 2)]), cut};
    }
    Tensor canvas = torch::zeros({3, size_, size_});
    window(canvas, top, left, scale).copy_(squashed);
    const bool far = scale < 0.6 * static_cast<double>(size_);
    const Tensor whole = scale == size_ ? canvas : values(resize(upright, size_, size_, Filter::Bilinear));
    return {canvas, inner_mask(top, left, scale), far ? insert_words(prompt, far_words[random.integer(0, 2)]) : prompt,
            whole};
  }

  /// An example of the class (prior preservation): mirrored or not, the shorter side resized to size, a square cut at
  /// random, or in the middle with center_crop. The mask is all 1.
  OPAD_ONCE Item prior(const Tensor& picture, const std::string& prompt, bool center_crop, Stream& random) const {
    const bool mirror = random.bernoulli(options_.hflip_probability) && options_.hflip;
    const Tensor resized = resize_shortest_edge(mirror ? flip(picture) : picture, size_, Filter::Bilinear);
    const std::int64_t top = random.integer(0, resized.size(0) - size_ + 1),
                       left = random.integer(0, resized.size(1) - size_ + 1);
    const Tensor image = values(center_crop ? centre_crop(resized, size_) : crop(resized, left, top, size_, size_));
    return {image, ones(), prompt, image};
  }

 private:
  std::int64_t draw_scale(Stream& random) const {
    const double size = static_cast<double>(size_);
    if (random.bernoulli(options_.shrink_probability)) return random.integer(smallest_scale(), size_ + 1);
    return random.integer(static_cast<std::int64_t>(1.2 * size), static_cast<std::int64_t>(1.4 * size));
  }
  /// The latent cells well inside a picture that covers [top, top + scale) and columns likewise.  [1, h, w]
  Tensor inner_mask(std::int64_t top, std::int64_t left, std::int64_t scale) const {
    Tensor mask = torch::zeros({1, size_ / factor_, size_ / factor_});
    const auto inside = [&](std::int64_t start) {
      return std::pair{start / factor_ + 1, (start + scale) / factor_ - 1};
    };
    const auto [first_row, end_row] = inside(top);
    const auto [first_column, end_column] = inside(left);
    mask.slice(1, first_row, end_row).slice(2, first_column, end_column).fill_(1);
    return mask;
  }
  Tensor ones() const { return torch::ones({1, size_ / factor_, size_ / factor_}); }
  static Tensor window(const Tensor& image, std::int64_t top, std::int64_t left, std::int64_t side) {  // [3, H, W]
    return image.slice(1, top, top + side).slice(2, left, left + side);
  }
  /// uint8 [H, W, 3] -> float32 [3, H, W] in [-1, 1], each value rounded once.
  static Tensor values(const Tensor& picture) {
    return picture.to(torch::kFloat64).div_(127.5).sub_(1).to(torch::kFloat32).permute({2, 0, 1}).contiguous();
  }

  Augmentation options_;
  std::int64_t size_, factor_;
};

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::Augmentation, enabled, hflip, hflip_probability, shrink_probability);
