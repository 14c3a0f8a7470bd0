#pragma once
#include <opad/models/image_projection.hpp>

namespace opad {

OPAD_ONCE std::shared_ptr<ImageProjModel> ImageProjModel::from_pretrained(const std::filesystem::path& file) {
  const std::string prefix = "image_proj.";
  Tensors tensors;
  for (const auto& [name, tensor] : read_weight_file(file))
    if (name.starts_with(prefix)) tensors[name.substr(prefix.size())] = tensor;
  require(tensors.contains("proj.weight") && tensors.contains("norm.weight") && tensors.at("proj.weight").dim() == 2 &&
              tensors.at("norm.weight").dim() == 1,
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

OPAD_ONCE std::shared_ptr<IdentityNetwork> IdentityNetwork::from_pretrained(const std::filesystem::path& encoder,
                                                                            const std::filesystem::path& adapter) {
  return std::make_shared<IdentityNetwork>(CLIPVisionModelWithProjection::from_pretrained(encoder),
                                           ImageProjModel::from_pretrained(adapter));
}

}  // namespace opad
