#pragma once
#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/data/concept_dataset.hpp>
#include <opad/evaluate/concept_scores.hpp>
#include <opad/experiment/run/complete_settings.hpp>
#include <opad/experiment/run/progress.hpp>
#include <opad/pipeline/bytes.hpp>

namespace opad {

/// Scores of a run's previews on the way (--validation-every), by the encoders that judge sweeps
/// (evaluate/encoders.hpp), never those that the training looks through: validation.dino, validation.clip-i,
/// validation.clip-t and, where a prompt has two pictures, validation.diversity. A picture is compared with the
/// photographs of the concept whose token its prompt names first; of several concepts the mean. It reads and changes
/// nothing of the training.
class Validation {
 public:
  Validation(const RunSettings& settings, const std::vector<ConceptData>& data, torch::Device device)
      : encoders_(settings.evaluation_folder(), device),
        per_prompt_(settings.preview_count) {
    for (const auto& prompt : settings.validation_prompt) {
      prompts_.push_back(detail::plain_words(settings, prompt));
      concept_of_.push_back(concept_named(settings, prompt));
    }
    for (const ConceptData& each : data) real_.emplace_back(encoders_, each.pictures);
  }

  static std::vector<std::string> columns(const RunSettings& settings) {
    std::vector<std::string> names;
    if (settings.validation_every == 0) return names;
    for (const char* metric : {"dino", "clip-i", "clip-t", "diversity"})
      if (settings.preview_count > 1 || metric != std::string("diversity"))
        names.push_back(c10::str("validation.", metric));
    return names;
  }

  /// pictures: [prompts * preview-count, 3, H, W] in [-1, 1]
  OPAD_ONCE Readings operator()(const Tensor& pictures) const {
    std::map<std::string, double> sums;
    double concepts = 0;
    for (std::size_t c = 0; c < real_.size(); ++c) {
      std::vector<Tensor> shown;
      std::vector<std::string> prompts;
      for (std::size_t p = 0; p < prompts_.size(); ++p)
        for (std::int64_t k = 0; k < per_prompt_ && concept_of_[p] == c; ++k) {
          shown.push_back(to_bytes(pictures[static_cast<std::int64_t>(p) * per_prompt_ + k]));
          prompts.push_back(prompts_[p]);
        }
      if (shown.empty()) continue;
      ++concepts;
      for (const auto& [metric, value] : score_concept(encoders_, real_[c], shown, prompts).metrics)
        sums[metric] += value;
    }
    Readings readings;
    for (const char* metric : {"dino", "clip-i", "clip-t", "diversity"})
      if (const auto sum = sums.find(metric); sum != sums.end())
        readings.emplace_back(c10::str("validation.", metric), sum->second / concepts);
    return readings;
  }

 private:
  static std::size_t concept_named(const RunSettings& settings, const std::string& prompt) {
    for (std::size_t c = 0; c < settings.instance_prompt.size(); ++c)
      for (const auto& token : settings.modifier_token)
        if (prompt.find(token) != std::string::npos && settings.instance_prompt[c].find(token) != std::string::npos)
          return c;
    return 0;
  }

  EvaluationEncoders encoders_;
  std::int64_t per_prompt_;
  std::vector<std::string> prompts_;     // without the modifier tokens
  std::vector<std::size_t> concept_of_;  // each prompt's
  std::vector<RealFeatures> real_;       // each concept's photographs
};

}  // namespace opad
