#pragma once
#include <opad/evaluate/protocol.hpp>

namespace opad {

/// DreamBench, as published at github.com/google/dreambooth: 30 subjects x 25 prompts (one list for objects, one for
/// cats and dogs) x 4 pictures.
/// Ruiz et al., "DreamBooth", CVPR 2023, arXiv 2208.12242.
///   FOLDER/prompts_and_classes.txt   lines "subject,class" below "subject_name,class", then the lists of prompts below
///                                    "Object Prompts" and "Live Subject Prompts", each line
///                                    '... {0} {1} ...'.format(unique_token, class_token),
///   FOLDER/SUBJECT/                  its photographs
inline Protocol dream_bench(const std::filesystem::path& folder) {
  const auto file = folder / "prompts_and_classes.txt";
  Protocol protocol{.name = "dreambench", .subjects = {}};
  std::vector<std::string> object_prompts, live_prompts, *prompts = nullptr;
  bool classes = false;
  for (const std::string& line : detail::trimmed_lines(file)) {
    if (line == "subject_name,class") classes = true;
    else if (line == "Prompts") classes = false;
    else if (line == "Object Prompts") prompts = &object_prompts;
    else if (line == "Live Subject Prompts") prompts = &live_prompts;
    else if (const auto comma = line.find(','); classes && comma != std::string::npos)
      protocol.subjects.push_back({.name = line.substr(0, comma),
                                   .class_word = line.substr(comma + 1),
                                   .folder = folder / line.substr(0, comma),
                                   .prompts = {},
                                   .attributes = {}});
    else if (const auto end = line.find("'.format("); prompts && line.starts_with('\'') && end != std::string::npos) {
      const std::string text = line.substr(1, end - 1);
      const auto place = text.find("{0} {1}");
      require(place != std::string::npos, file.string(), ": the prompt ", text, " has no {0} {1}");
      prompts->push_back(text.substr(0, place) + "{}" + text.substr(place + 7));
    }
  }
  require(!object_prompts.empty() && !live_prompts.empty(), file.string(),
          ": no prompts below \"Object Prompts\" or below \"Live Subject Prompts\"");
  for (Subject& subject : protocol.subjects) {
    const bool live = subject.class_word == "cat" || subject.class_word == "dog";
    subject.prompts = live ? live_prompts : object_prompts;
  }
  return detail::checked(std::move(protocol), file.string());
}

}  // namespace opad
