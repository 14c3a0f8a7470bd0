#pragma once
#include <algorithm>

#include <opad/experiment/options/counts.hpp>
#include <opad/experiment/run/resources.hpp>
#include <opad/experiment/run/settings.hpp>
#include <opad/io/output_apart.hpp>

namespace opad {

namespace detail {

/// The prompt's words that are no modifier tokens.
inline std::string plain_words(const RunSettings& s, const std::string& prompt) {
  std::string plain;
  std::istringstream words(prompt);
  for (std::string word; words >> word;)
    if (std::ranges::find(s.modifier_token, word) == s.modifier_token.end()) plain += (plain.empty() ? "" : " ") + word;
  return plain;
}

/// The class that an instance prompt names.
inline std::string without_tokens(const RunSettings& s, const std::string& prompt) {
  std::string plain = plain_words(s, prompt);
  require(!plain.empty(), "--class-prompt is missing, and the instance prompt \"", prompt,
          "\" has no word of its own; say what the class is, e.g. \"cat\"");
  return plain;
}

/// Of the first prompt that has the token.
inline std::string last_word(const RunSettings& s, const std::string& of_token) {
  const auto& prompt = *std::find_if(s.instance_prompt.begin(), s.instance_prompt.end(),
                                     [&](const auto& p) { return p.find(of_token) != p.npos; });
  const auto end = prompt.find_last_not_of(' '), begin = prompt.find_last_of(' ', end);
  const auto word = prompt.substr(begin + 1, end - begin);
  for (const auto& token : s.modifier_token)
    require(word != token,
            "--initializer-token is missing, and --instance-prompt ends with the modifier token; give a word that the "
            "model knows");
  return word;
}

/// What is read keeps its place in the run's record, from wherever it is resumed.
inline void make_absolute(RunSettings& s) {
  const auto absolute = [](std::filesystem::path& path) {
    if (!path.empty()) path = std::filesystem::absolute(path).lexically_normal();
  };
  for (auto* path : {&s.models, &s.teacher, &s.student, &s.teacher_adapters, &s.evaluation_encoders}) absolute(*path);
  for (auto& [name, path] : s.encoders) absolute(path);
  for (auto* paths : {&s.instance_data, &s.class_data, &s.masks})
    for (auto& path : *paths) absolute(path);
}

inline void require_output_apart(const RunSettings& s) {
  std::vector<NamedPath> read{
      {"teacher", s.teacher_folder()}, {"student", s.student_folder()}, {"teacher-adapters", s.teacher_adapters}};
  for (const auto& path : s.instance_data) read.push_back({"instance-data", path});
  for (const auto& path : s.class_data) read.push_back({"class-data", path});
  for (const auto& path : s.masks) read.push_back({"masks", path});
  if (s.validation_every > 0) read.push_back({"evaluation-encoders", s.evaluation_folder()});
  for (const auto& [name, path] : s.encoders) read.push_back({name, path});
  opad::require_output_apart(s.output, read, "give the run a folder of its own");
}

}  // namespace detail

/// Throws for new tokens that cannot be found in a prompt.
OPAD_ONCE void require_modifier_tokens(const std::vector<std::string>& tokens) {
  if (tokens.empty()) fail("--modifier-token: give at least one new token, e.g. <new1>");
  for (const auto& token : tokens)
    require(token.find_first_not_of(" \t\r\n") != token.npos, "--modifier-token \"", token,
            "\" is blank; give a new token, e.g. <new1>");
}

/// Refuses numbers that no run can have; the first of all checks, since threads and devices are set by them.
OPAD_ONCE void check_numbers(const RunSettings& s) {
  require_counts({{"steps", s.steps, 1},
                  {"batch-size", s.batch_size, 1},
                  {"accumulation", s.accumulation, 1},
                  {"preview-count", s.preview_count, 1},
                  {"checkpoint-every", s.checkpoint_every, 1},
                  {"keep-checkpoints", s.keep_checkpoints, 1},
                  {"class-steps", s.class_steps, 1},
                  {"class-images", s.class_images, 0},
                  {"preview-every", s.preview_every, 0},
                  {"validation-every", s.validation_every, 0},
                  {"resolution", s.resolution, 0},
                  {"threads", s.threads, 0},
                  {"teacher-preview-steps", s.teacher_preview_steps, 0}});
  require_threads(s.threads);
  require(s.prior_loss_weight >= 0, "--prior-loss-weight ", s.prior_loss_weight, ": give 0 or more");
  require(s.max_grad_norm > 0, "--max-grad-norm ", s.max_grad_norm, ": give a number above 0");
  require(s.max_minutes >= 0, "--max-minutes ", s.max_minutes, ": give 0 or more");
  require(s.dtype == "float32" || s.dtype == "bfloat16" || s.dtype == "auto", "--dtype ", s.dtype,
          " is not one of auto, float32, bfloat16");
  require(s.memory_format == "contiguous" || s.memory_format == "channels-last" || s.memory_format == "auto",
          "--memory-format ", s.memory_format, " is not one of auto, contiguous, channels-last");
  require(s.mkl_dispatch == "vendor" || s.mkl_dispatch == "instructions", "--mkl-dispatch ", s.mkl_dispatch,
          " is not one of vendor, instructions");
  require_modifier_tokens(s.modifier_token);
}

/// Fills what depends on other settings, and refuses what cannot work before anything large is loaded.
OPAD_ONCE void complete(RunSettings& s) {
  detail::make_absolute(s);
  require(!s.instance_data.empty(), "--instance-data is missing; give the folder with the concept's photographs");
  require(!s.output.empty(), "--output is missing; give a folder for the run");
  if (s.instance_prompt.empty())
    fail("--instance-prompt is missing; say what the pictures show, e.g. \"", s.modifier_token[0], " cat\"");
  require(s.instance_prompt.size() == s.instance_data.size(), "--instance-prompt: ", s.instance_prompt.size(),
          " prompts for ", s.instance_data.size(), " folders of --instance-data; give one for each");
  for (const auto& token : s.modifier_token)
    require(std::any_of(s.instance_prompt.begin(), s.instance_prompt.end(),
                        [&](const auto& prompt) { return prompt.find(token) != std::string::npos; }),
            "--instance-prompt \"", s.instance_prompt[0], "\" does not contain the modifier token ", token,
            "; write e.g. \"", token, " cat\"");
  if (s.initializer_token.empty())
    for (const auto& token : s.modifier_token) s.initializer_token.push_back(detail::last_word(s, token));
  require(s.initializer_token.size() == s.modifier_token.size(), "--initializer-token: ", s.initializer_token.size(),
          " words for ", s.modifier_token.size(), " modifier tokens; give one for each");
  if (s.validation_prompt.empty())
    for (const auto& words : s.instance_prompt)
      for (const auto& prompt : {"a photo of a " + words, "a " + words + " in the snow", "a painting of a " + words})
        s.validation_prompt.push_back(prompt);
  const bool prior = !s.class_data.empty() || s.class_images > 0;
  require(s.class_data.empty() || s.class_images == 0, "--class-images ", s.class_images,
          ": with --class-data there is nothing to make; leave one of the two out");
  require(s.class_data.empty() || s.class_data.size() == s.instance_data.size(), "--class-data: ", s.class_data.size(),
          " folders for ", s.instance_data.size(), " concepts; give one for each");
  if (prior && s.class_prompt.empty())
    for (const auto& words : s.instance_prompt) s.class_prompt.push_back(detail::without_tokens(s, words));
  require(!prior || s.class_prompt.size() == s.instance_data.size(), "--class-prompt: ", s.class_prompt.size(),
          " prompts for ", s.instance_data.size(), " concepts; prior preservation needs one for each, e.g. \"cat\"");
  require(s.masks.empty() || s.masks.size() == s.instance_data.size(), "--masks: ", s.masks.size(), " folders for ",
          s.instance_data.size(), " concepts; give one for each");
  require(prior || s.class_prompt.empty(), "--class-prompt is of no use without --class-data or --class-images");
  detail::require_output_apart(s);
}

}  // namespace opad
