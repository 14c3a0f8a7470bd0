#pragma once
#include <opad/data/concept_dataset.hpp>
#include <opad/experiment/run/settings.hpp>

namespace opad {

/// What a run learns from, and what is worth a word about it.
struct RunConcepts {
  std::vector<ConceptData> data;
  std::string greeting;  // what was read and what was passed over; said when everything else is found to be in order
  Json contents = Json::object();  // by what the pictures are known (contents.hpp)
};

/// The photographs of every concept, and the given pictures of their classes.
OPAD_ONCE RunConcepts open_concepts(const RunSettings& s) {
  RunConcepts out;
  const auto pictures = [&](const char* option, const std::filesystem::path& path, const std::string& what) {
    ConceptFolder folder = read_concept_folder(path);
    Json names = Json::array();
    for (const auto& file : folder.files) names.push_back(file.filename().string());
    out.contents[option].push_back({{"files", names}, {"xxh3-64", folder.digests}});
    for (const auto& [file, reason] : folder.skipped)
      out.greeting += c10::str("skipped ", file.string(), " (", reason, ")\n");
    out.greeting += c10::str(folder.pictures.size(), " pictures of \"", what, "\"\n");
    return std::move(folder.pictures);
  };
  for (std::size_t i = 0; i < s.instance_data.size(); ++i) {
    ConceptData data{.pictures = pictures("instance-data", s.instance_data[i], s.instance_prompt[i]),
                     .instance_prompt = s.instance_prompt[i],
                     .class_pictures = {},
                     .class_prompt = ""};
    if (s.has_prior()) data.class_prompt = s.class_prompt[i];
    if (!s.class_data.empty()) data.class_pictures = pictures("class-data", s.class_data[i], data.class_prompt);
    if (s.instance_prompt[i].find("photo of") != std::string::npos)
      out.greeting += c10::str("--instance-prompt \"", s.instance_prompt[i],
                               "\" is put into sentences such as \"a photo of a ...\"; say only what is seen\n");
    out.data.push_back(std::move(data));
  }
  return out;
}

}  // namespace opad
