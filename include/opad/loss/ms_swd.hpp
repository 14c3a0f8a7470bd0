#pragma once
#include <opad/core/fixed_tensor.hpp>
#include <opad/core/number_error.hpp>
#include <opad/core/random.hpp>
#include <opad/loss/color.hpp>
#include <opad/loss/loss.hpp>
#include <opad/loss/sorted_distance.hpp>
#include <opad/space/unit_pixel.hpp>

namespace opad {

/// Multi-scale sliced Wasserstein distance: do two pictures have the same distribution of colours and patches, wherever
/// they are?
/// For each level of a Gaussian pyramid (level 0 is the picture; 5 x 5 binomial kernel, stride 2, reflect padding):
///   CIELAB -> `projections` random unit projections of its patch x patch x 3 patches (stride 1, reflect padding)
///   -> sort each over positions -> mean absolute difference.     The result is the mean over levels.
/// He et al., "Multiscale Sliced Wasserstein Distances as Perceptual Color Difference Measures", ECCV 2024, arXiv
/// 2407.10181.
/// Pictures   sRGB in [0, 1], as its authors mean it; the released trainer feeds it [-1, 1], which is In<Pixel, MsSwd>.
/// Defaults   those of the released trainer.
/// Throws     opad::Error where the deepest level would not be larger than the padding, patch / 2: by default below 81
///            pixels.
struct MsSwd {
  static constexpr std::string_view name = "ms-swd";
  using space = UnitPixel;
  double weight = 0.1;
  std::int64_t projections = 128, levels = 5, patch = 11;

  void check() const {
    require_number(projections >= 1, "MsSwd", "projections", projections, "1 or more");
    require_number(1 <= levels && levels <= 16, "MsSwd", "levels", levels, "1 to 16");
    require_number(patch >= 1, "MsSwd", "patch", patch, "1 or more");
  }

  Tensor operator()(const Tensor& student, const Tensor& target, Stream& stream) const {  // [B, 3, H, W] twice -> [B]
    check();
    return distance(student, target, draw(stream));
  }

  /// Projections for one call, finest level first: unit vectors, anew for each level, the same for both pictures and
  /// all samples.
  std::vector<Tensor> draw(Stream& stream) const {  // levels x [projections, 3, patch, patch]
    std::vector<Tensor> drawn;
    for (std::int64_t level = 0; level < levels; ++level) {
      const Tensor rows = stream.normal({projections, 3 * patch * patch});
      drawn.push_back((rows / rows.norm(2, 1, true)).view({projections, 3, patch, patch}));
    }
    return drawn;
  }

  /// The distance by given projections, one tensor [n, 3, p, p] for each level.
  static Tensor distance(const Tensor& student, const Tensor& target, const std::vector<Tensor>& projections) {
    return at::stack(level_distances(student, target, projections)).mean(0);
  }

  /// The same for each level, finest first: [B] each.
  static std::vector<Tensor> level_distances(Tensor student, Tensor target, const std::vector<Tensor>& projections) {
    require_same_shape("MsSwd", student, target);
    require(!projections.empty(), "MsSwd: no levels; give 1 or more");
    require_size(student, static_cast<std::int64_t>(projections.size()), projections[0].size(-1));
    std::vector<Tensor> distances;
    for (std::size_t level = 0; level < projections.size(); ++level) {
      if (level > 0) student = halve(student), target = halve(target);
      const Tensor filters = to_device(projections[level], student.device(), student.scalar_type());
      distances.push_back(sorted_distance(projected(student, filters), projected(target, filters)));
    }
    return distances;
  }

 private:
  /// [B, 3, H, W] -> [B, n, positions]
  static Tensor projected(const Tensor& image, const Tensor& filters) {
    const std::int64_t pad = filters.size(-1) / 2;
    const Tensor padded = at::reflection_pad2d(srgb_to_lab(image), {pad, pad, pad, pad});
    return at::conv2d(padded, filters).flatten(2);
  }
  /// The next level of the pyramid.  [B, 3, H, W] -> [B, 3, ceil(H/2), ceil(W/2)]
  static Tensor halve(const Tensor& image) {
    static const auto& kernel = *new FixedTensor(binomial());  // never destroyed, as a device may be gone before
    const Tensor padded = at::reflection_pad2d(image, {2, 2, 2, 2});
    return at::conv2d(padded, kernel.like(image), {}, 2, at::IntArrayRef{0, 0}, 1, 3);
  }
  static Tensor binomial() {  // [3, 1, 5, 5]
    const Tensor row = torch::tensor({1, 4, 6, 4, 1}, torch::kFloat64) / 16;
    return at::outer(row, row).expand({3, 1, 5, 5}).contiguous();
  }
  static void require_size(const Tensor& image, std::int64_t levels, std::int64_t patch) {
    require(image.dim() == 4 && image.size(1) == 3, "MsSwd: ", image.sizes(), "; give pictures [B, 3, H, W]");
    const std::int64_t side = std::min(image.size(2), image.size(3));
    std::int64_t least =
        patch / 2 + 1;  // reflection asks it of the deepest level; those before are twice as large, less 1
    for (std::int64_t level = 1; level < levels; ++level) least = std::max<std::int64_t>(2 * least - 1, 3);
    require(side >= least, "MsSwd: pictures of ", image.size(2), " x ", image.size(3), " are too small for ", levels,
            " levels; give at least ", least, " pixels a side, or fewer levels");
  }
};
static_assert(LossTerm<MsSwd>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::MsSwd, weight, projections, levels, patch);
