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
  OPAD_ONCE static std::shared_ptr<ImageProjModel> from_pretrained(const std::filesystem::path& file) {
    const std::string prefix = "image_proj.";
    Tensors tensors;
    for (const auto& [name, tensor] : read_weight_file(file))
      if (name.starts_with(prefix)) tensors[name.substr(prefix.size())] = tensor;
    require(tensors.contains("proj.weight") && tensors.contains("norm.weight") &&
                tensors.at("proj.weight").dim() == 2 && tensors.at("norm.weight").dim() == 1,
            file.string(),
            ": no image_proj.proj.weight and image_proj.norm.weight; give a plain IP-Adapter (not 'plus' or "
            "'faceid', whose projections are other networks)");
    const std::int64_t rows = tensors.at("proj.weight").size(0), width = tensors.at("norm.weight").size(0);
    require(width > 0 && rows % width == 0, file.string(), ": image_proj projects to ", rows,
            " numbers, which is no multiple of the width ", width, " of its norm");
    auto model = std::make_shared<ImageProjModel>(tensors.at("proj.weight").size(1), rows / width, width);
    load_parameters(*model, tensors, file.string());
    return model;
  }

  Tensor forward(const Tensor& image_embeds) const {
    return norm->forward(proj->forward(image_embeds).view({-1, tokens, width}));
  }
};

/// The IP-Adapter's file in a folder, or the file itself; of .safetensors and .bin with the same name the former.
/// Throws where there are several, with their names.
OPAD_ONCE std::filesystem::path find_ip_adapter(const std::filesystem::path& path) {
  if (is_there(path) && !is_folder(path)) return path;
  std::map<std::string, std::filesystem::path> files;  // by name without ending
  std::string names;
  for (const auto& entry : entries_of(path)) {  // .bin comes before .safetensors
    const auto ending = entry.path().extension();
    if ((ending != ".safetensors" && ending != ".bin") || !is_file(entry)) continue;
    files[entry.path().stem().string()] = entry.path();
  }
  for (const auto& [stem, file] : files) names += (names.empty() ? "" : ", ") + file.filename().string();
  require(!files.empty(), path.string(), ": no IP-Adapter here; looked for a .safetensors or .bin file");
  require(files.size() == 1, path.string(), ": holds several IP-Adapters (", names, "); give the file of one");
  return files.begin()->second;
}

/// What IP-Adapter sees of a picture's identity: CLIP's image embedding as a few tokens.
///   image [B, 3, s, s], s = image_size() (224 in the published encoder) -> [B, tokens, width] (4 x 768 in the
///   published adapter)
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
  OPAD_ONCE static std::shared_ptr<IdentityNetwork> from_pretrained(const std::filesystem::path& encoder,
                                                                    const std::filesystem::path& adapter) {
    return std::make_shared<IdentityNetwork>(CLIPVisionModelWithProjection::from_pretrained(encoder),
                                             ImageProjModel::from_pretrained(adapter));
  }

  std::int64_t image_size() const { return image_encoder->config.image_size; }
  Tensor forward(const Tensor& image) const { return image_proj->forward(image_encoder->forward(image)); }
};

}  // namespace opad
