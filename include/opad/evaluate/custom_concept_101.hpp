#pragma once
#include <opad/evaluate/protocol.hpp>

namespace opad {

/// CustomConcept101, as published at github.com/adobe-research/custom-diffusion (folder customconcept101, with
/// benchmark_dataset.zip unpacked in it): 101 concepts x 20 prompts. The layout also serves for concepts of one's own.
/// Kumari et al., "Multi-Concept Customization of Text-to-Image Diffusion", CVPR 2023, arXiv 2212.04488.
///   FOLDER/dataset.json   [{"instance_prompt": "photo of a <new1> barn", "class_prompt": "barn", "instance_data_dir":
///                         "./...", "prompt_filename": "prompts/barn.txt"}, ...], paths relative to FOLDER
///   FOLDER/prompts/*.txt  a prompt a line, {} in the place of the concept
/// A concept is named after its folder of photographs; its class word is what follows the modifier token in the
/// instance prompt.
inline Protocol custom_concept_101(const std::filesystem::path& folder) {
  const auto file = folder / "dataset.json";
  const std::string where = file.string();
  const Json list = read_json(file);
  require(list.is_array(), where, ": not a list of concepts");
  Protocol protocol{.name = "customconcept101", .subjects = {}};
  for (const Json& entry : list) {
    const auto text = [&](const char* key) {
      require(entry.is_object() && entry.contains(key) && entry.at(key).is_string(), where, ": concept ",
              protocol.subjects.size() + 1, " has no text ", key);
      return entry.at(key).get<std::string>();
    };
    const std::string prompt = text("instance_prompt");
    const auto end = prompt.find("> ");
    require(prompt.find('<') < end && end != std::string::npos, where, ": the instance_prompt \"", prompt,
            "\" has no modifier token such as <new1> with a class word behind it");
    Subject subject{.name = {},
                    .class_word = prompt.substr(end + 2),
                    .folder = folder / text("instance_data_dir"),
                    .prompts = {},
                    .attributes = {}};
    subject.folder = subject.folder.lexically_normal();
    if (!subject.folder.has_filename()) subject.folder = subject.folder.parent_path();
    subject.name = subject.folder.filename().string();
    for (const std::string& line : detail::trimmed_lines(folder / text("prompt_filename")))
      if (!line.empty()) subject.prompts.push_back(line);
    protocol.subjects.push_back(std::move(subject));
  }
  return detail::checked(std::move(protocol), where);
}

}  // namespace opad
