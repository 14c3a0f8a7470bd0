#pragma once
#include <algorithm>
#include <vector>

#include <opad/encoder/backbone.hpp>
#include <opad/io/folder.hpp>
#include <opad/models/image_projection.hpp>

namespace opad {

/// IP-Adapter's view of a picture's identity: CLIP ViT-H/14's image embedding, projected to 4 tokens of 768 numbers.
/// Ye et al., "IP-Adapter: Text Compatible Image Prompt Adapter for Text-to-Image Diffusion Models", 2023, arXiv
/// 2308.06721. Folder: image_encoder/ (CLIPVisionModelWithProjection) and one IP-Adapter file beside it, .safetensors
/// or .bin. Where several lie there, the file is given in the folder's place.
struct IdentityEncoder {
  static constexpr std::string_view name = "identity-encoder";
  using Network = IdentityNetwork;
  static constexpr double mean[3] = {0.48145466, 0.4578275, 0.40821073},
                          deviation[3] = {0.26862954, 0.26130258, 0.27577711};

  static std::shared_ptr<Network> load(const std::filesystem::path& path) {
    const bool file = is_there(path) && !is_folder(path);
    const auto folder = file ? std::filesystem::absolute(path).parent_path() : path;
    require_folder(folder / "image_encoder",
                   "give a folder with image_encoder/ and an IP-Adapter's file, or that file");
    return Network::from_pretrained(folder / "image_encoder", find_ip_adapter(path));
  }
  static std::int64_t resolution(const Network& network) { return network.image_size(); }
  static Tensor features(Network& network, const Tensor& image) { return network.forward(image); }  // [B, 4, 768]
};
static_assert(Backbone<IdentityEncoder>);

}  // namespace opad
