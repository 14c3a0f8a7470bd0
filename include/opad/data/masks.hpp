#pragma once
#include <filesystem>

#include <opad/core/error.hpp>
#include <opad/core/once.hpp>
#include <opad/core/tensor.hpp>
#include <opad/io/digest.hpp>
#include <opad/io/image.hpp>

namespace opad {

/// A mask of a photograph and the digest of its file: uint8 [H, W, 3], grey; white is what counts, black is what does
/// not, grey counts in part. In the denoising loss a latent cell weighs as much as the mask leaves of it
/// (Trainer::denoising_loss). Critics and alignment terms see whole pictures.
struct PhotographMask {
  Tensor values;
  std::string digest;
};

/// Throws Error for a mask that has another size than its photograph (upright), or colours, or leaves nothing.
OPAD_ONCE PhotographMask read_mask(const std::filesystem::path& file, const Tensor& photograph) {
  const std::string where = file.string(), content = read_file(file, most_image_bytes);
  const Tensor mask = decode_image(std::as_bytes(std::span(content)), where);
  require(mask.size(0) == photograph.size(0) && mask.size(1) == photograph.size(1), where, ": the mask has ",
          mask.size(1), " x ", mask.size(0), " pixels, its photograph ", photograph.size(1), " x ", photograph.size(0),
          " (upright); make it of the same size");
  require(at::equal(mask.amax(2), mask.amin(2)), where, ": the mask has colours; draw what counts in white on black");
  require(mask.max().item<int>() > 0, where,
          ": the mask is black, so nothing of its photograph counts; draw what counts in white");
  return {mask, digest(content)};
}

}  // namespace opad
