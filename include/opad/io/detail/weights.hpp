#pragma once
#include <opad/io/finite.hpp>
#include <opad/io/folder.hpp>
#include <opad/io/json.hpp>
#include <opad/io/pickle.hpp>
#include <opad/io/weights.hpp>

namespace opad {

OPAD_ONCE Tensors read_weight_file(const std::filesystem::path& path) {
  Tensors tensors = path.extension() == ".safetensors" ? SafeTensors(path).tensors() : read_pickle_tensors(path);
  require_finite(tensors, path.string());
  return tensors;
}

OPAD_ONCE Tensors read_sharded_weights(const std::filesystem::path& index_path) {
  const std::string where = index_path.string();
  const auto index = read_json<nlohmann::json>(index_path);
  require(index.is_object() && index.contains("weight_map") && index.at("weight_map").is_object(), where,
          ": has no weight_map");
  std::map<std::string, Tensors> parts;
  Tensors tensors;
  for (const auto& [name, part] : index.at("weight_map").items()) {
    require(part.is_string(), where, ": '", name, "' is not mapped to a file name");
    const std::filesystem::path file = part.template get<std::string>();
    require(file.has_filename() && file == file.filename() && file != "." && file != "..", where, ": '", name,
            "' is in '", file.string(), "', which is not a file beside the index");
    auto loaded = parts.find(file);
    if (loaded == parts.end()) {
      require(is_there(index_path.parent_path() / file), where, ": the part ", file.string(), " is missing");
      loaded = parts.emplace(file, read_weight_file(index_path.parent_path() / file)).first;
    }
    const auto tensor = loaded->second.find(name);
    require(tensor != loaded->second.end(), where, ": '", name, "' is not in ", file.string(),
            ", where the index has it");
    tensors.insert(*tensor);
  }
  return tensors;
}

OPAD_ONCE Tensors read_weights(const std::filesystem::path& folder, const std::string& stem) {
  require_folder(folder, "give the folder of a model");
  std::vector<std::string> names;
  const auto add = [&](const std::string& base, const std::string& ending) {
    for (const std::string variant : {"", ".fp16", ".bf16"}) {
      names.push_back(base + variant + ending);
      names.push_back(base + ending + ".index" + variant + ".json");
      if (!variant.empty()) names.push_back(base + ending + variant + ".index.json");
    }
  };
  add(stem, ".safetensors");
  add(stem, ".bin");
  if (stem == "model") add("pytorch_model", ".bin");

  std::string looked_for;
  for (const std::string& name : names) {
    const std::filesystem::path path = folder / name;
    if (is_there(path)) return path.extension() == ".json" ? read_sharded_weights(path) : read_weight_file(path);
    looked_for += (looked_for.empty() ? "" : ", ") + name;
  }
  fail(folder.string(), ": no weights here; looked for ", looked_for);
}

}  // namespace opad
