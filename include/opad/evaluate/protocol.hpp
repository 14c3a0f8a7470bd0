#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <opad/core/random.hpp>
#include <opad/evaluate/attribute_reader.hpp>

namespace opad {

/// One concept of an evaluation: photographs to learn from and to compare with, prompts to ask for.
struct Subject {
  std::string name;                  // "dog6"; unique in its protocol
  std::string class_word;            // "dog": what stands for the concept where its own token does not
  std::filesystem::path folder;      // of the photographs
  std::vector<std::string> prompts;  // {} becomes "<new1> dog", or "dog" where the modifier token is left out
  Attributes attributes;             // what it shows, where that is known
  std::function<Tensor(const std::string& prompt, Stream&)> truth =
      {};  // the concept itself as a prompt asks for it, uint8 [H, W, 3], where that can be drawn
};

/// What a sweep is scored on.
struct Protocol {
  std::string name;
  std::vector<Subject> subjects;
  std::int64_t pictures_per_prompt = 4;
};

/// The prompt with the words in the place of its {}.
inline std::string fill_prompt(const std::string& prompt, const std::string& words) {
  const auto at = prompt.find("{}");
  require(at != std::string::npos, "the prompt \"", prompt, "\" has no {} for the concept");
  return prompt.substr(0, at) + words + prompt.substr(at + 2);
}

namespace detail {

/// The lines of a text file without white space at either end.
inline std::vector<std::string> trimmed_lines(const std::filesystem::path& file) {
  std::vector<std::string> lines;
  std::istringstream text(read_file(file));
  for (std::string line; std::getline(text, line);) {
    const auto begin = line.find_first_not_of(" \t\r"), end = line.find_last_not_of(" \t\r");
    lines.push_back(begin == std::string::npos ? "" : line.substr(begin, end - begin + 1));
  }
  return lines;
}

/// Throws unless every subject's photographs are there, names are unique, and every prompt has a place for the concept.
inline Protocol checked(Protocol protocol, const std::string& where) {
  require(!protocol.subjects.empty(), where, ": names no concepts");
  std::set<std::string> names;
  for (const Subject& subject : protocol.subjects) {
    require(names.insert(subject.name).second, where, ": the concept ", subject.name, " comes twice");
    require(std::filesystem::is_directory(subject.folder), where, ": the photographs of ", subject.name,
            " are missing: no folder ", subject.folder.string());
    require(!subject.prompts.empty(), where, ": no prompts for ", subject.name);
    for (const std::string& prompt : subject.prompts)
      require(prompt.find("{}") != std::string::npos, where, ": the prompt \"", prompt, "\" of ", subject.name,
              " has no {} for the concept");
  }
  return protocol;
}

}  // namespace detail

}  // namespace opad
