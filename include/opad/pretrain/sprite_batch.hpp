#pragma once
#include <opad/data/sprites.hpp>

namespace opad {

/// Side of an edition's pictures, in pixels.
constexpr std::int64_t mini_resolution(sprites::Edition edition) {
  return edition == sprites::Edition::First ? 32 : 64;
}

/// Pictures of sprites of one edition, at its resolution -> [B, 3, H, W] in [-1, 1].
inline Tensor render_batch(const std::vector<sprites::Sprite>& batch) {
  std::vector<Tensor> pictures;
  for (const auto& sprite : batch) pictures.push_back(sprites::render(sprite, mini_resolution(sprite.edition)));
  return at::stack(pictures).permute({0, 3, 1, 2}).to(torch::kFloat32).div_(127.5).sub_(1.0).contiguous();
}

/// Fresh sprites of the training distribution.
inline std::vector<sprites::Sprite> sample_sprites(std::int64_t count, Stream stream, sprites::Edition edition) {
  std::vector<sprites::Sprite> batch;
  for (std::int64_t i = 0; i < count; ++i) batch.push_back(sprites::sample_sprite(stream, edition));
  return batch;
}

/// A caption for each sprite.
inline std::vector<std::string> sample_captions(const std::vector<sprites::Sprite>& batch, Stream stream) {
  std::vector<std::string> captions;
  for (const auto& sprite : batch) captions.push_back(sprites::caption(sprite, stream));
  return captions;
}

}  // namespace opad
