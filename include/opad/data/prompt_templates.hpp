#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <opad/core/error.hpp>

namespace opad {

/// The prompts around a concept: the small ImageNet list of CLIP (Radford et al., ICML 2021, arXiv 2103.00020) as
/// Textual Inversion (Gal et al., ICLR 2023, arXiv 2208.01618) uses it. {} is the concept, e.g. "<new1> dog".
inline constexpr std::array<std::string_view, 27> prompt_templates{
    "a photo of a {}",         "a rendering of a {}",      "a cropped photo of the {}", "the photo of a {}",
    "a photo of a clean {}",   "a photo of a dirty {}",    "a dark photo of the {}",    "a photo of my {}",
    "a photo of the cool {}",  "a close-up photo of a {}", "a bright photo of the {}",  "a cropped photo of a {}",
    "a photo of the {}",       "a good photo of the {}",   "a photo of one {}",         "a close-up photo of the {}",
    "a rendition of the {}",   "a photo of the clean {}",  "a rendition of a {}",       "a photo of a nice {}",
    "a good photo of a {}",    "a photo of the nice {}",   "a photo of the small {}",   "a photo of the weird {}",
    "a photo of the large {}", "a photo of a cool {}",     "a photo of a small {}"};

/// What the augmentation says about a picture that it made small ...
inline constexpr std::array<std::string_view, 2> far_words{"a far away", "very small"};
/// ... of which it shows a part.
inline constexpr std::array<std::string_view, 2> near_words{"zoomed in", "close up"};

/// `text` with {} replaced by the concept. Throws Error if there is no {}.
inline std::string fill_template(std::string_view text, std::string_view concept_words) {
  const auto place = text.find("{}");
  require(place != std::string_view::npos, "prompt template '", text, "' has no {}; write {} where the concept goes");
  return c10::str(text.substr(0, place), concept_words, text.substr(place + 2));
}

/// All prompts of a concept. With augmentation the templates that say "close-up" are left out: it says that itself.
inline std::vector<std::string> instance_prompts(std::string_view concept_words, bool augmented) {
  std::vector<std::string> prompts;
  for (const std::string_view text : prompt_templates)
    if (!augmented || text.find("close-up") == std::string_view::npos)
      prompts.push_back(fill_template(text, concept_words));
  return prompts;
}

/// The prompt with words after its first one:  "a photo of a dog", "zoomed in"  ->  "a zoomed in photo of a dog".
inline std::string insert_words(const std::string& prompt, std::string_view words) {
  const auto end = prompt.find(' ');
  return end == std::string::npos ? c10::str(prompt, " ", words)
                                  : c10::str(prompt.substr(0, end), " ", words, prompt.substr(end));
}

}  // namespace opad
