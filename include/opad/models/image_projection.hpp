#pragma once
#include <opad/core/once.hpp>
#include <opad/models/clip_vision_model.hpp>

namespace opad {

/// IP-Adapter's projection of an image embedding to text-like tokens: Linear, reshape, LayerNorm.
///   [B, clip width] -> [B, tokens, width]
/// Ye et al., "IP-Adapter: Text Compatible Image Prompt Adapter for Text-to-Image Diffusion Models", arXiv 2308.06721.
struct ImageProjModel : torch::nn::Module {
  std::int64_t tokens, width;
  std::shared_ptr<LinearLayer> proj;
  std::shared_ptr<LayerNorm> norm;

  ImageProjModel(std::int64_t clip_width, std::int64_t tokens_, std::int64_t width_)
      : tokens(tokens_),
        width(width_),
        proj(register_module("proj", std::make_shared<LinearLayer>(clip_width, tokens_ * width_))),
        norm(register_module("norm", std::make_shared<LayerNorm>(width_))) {}

  /// Reads the part image_proj of an IP-Adapter's file; sizes are those of its tensors.
  static std::shared_ptr<ImageProjModel> from_pretrained(const std::filesystem::path& file);

  Tensor forward(const Tensor& image_embeds) const {
    return norm->forward(proj->forward(image_embeds).view({-1, tokens, width}));
  }
};

/// The IP-Adapter's file in a folder, or the file itself; of .safetensors and .bin with the same name the former.
/// Throws where there are several, with their names.
std::filesystem::path find_ip_adapter(const std::filesystem::path& path);

/// What IP-Adapter sees of a picture's identity: CLIP's image embedding as a few tokens.
///   image [B, 3, s, s], s = image_size() (224 in the published encoder) -> [B, tokens, width] (4 x 768 in the
///     published adapter)
struct IdentityNetwork : torch::nn::Module {
  std::shared_ptr<CLIPVisionModelWithProjection> image_encoder;
  std::shared_ptr<ImageProjModel> image_proj;

  IdentityNetwork(std::shared_ptr<CLIPVisionModelWithProjection> encoder, std::shared_ptr<ImageProjModel> projection)
      : image_encoder(register_module("image_encoder", std::move(encoder))),
        image_proj(register_module("image_proj", std::move(projection))) {
    require(image_proj->proj->weight.size(1) == image_encoder->config.projection_dim,
            "IdentityNetwork: the adapter takes embeddings of ", image_proj->proj->weight.size(1),
            " numbers, the image encoder gives ", image_encoder->config.projection_dim,
            "; give the image encoder that the adapter was trained with");
  }

  /// encoder  folder of the CLIPVisionModelWithProjection     adapter  the IP-Adapter's .safetensors or .bin
  static std::shared_ptr<IdentityNetwork> from_pretrained(const std::filesystem::path& encoder,
                                                          const std::filesystem::path& adapter);

  std::int64_t image_size() const { return image_encoder->config.image_size; }
  Tensor forward(const Tensor& image) const { return image_proj->forward(image_encoder->forward(image)); }
};

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/models/detail/image_projection.hpp>
#endif
