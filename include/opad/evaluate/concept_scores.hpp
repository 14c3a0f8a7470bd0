#pragma once
#include <opad/core/once.hpp>
#include <opad/evaluate/encoders.hpp>

namespace opad {

/// Everything that there is to say about the pictures of one concept.
struct ConceptScores {
  /// By key: dino, clip-i, clip-t, diversity (where a prompt has two pictures), failures; with an attribute reader also
  /// attributes (the share of the concept's own attributes found, the kind not counted), kind and attribute.NAME for
  /// each.
  std::map<std::string, double> metrics;
  /// By key, one for each picture: dino, clip-i, clip-t, failures (0 or 1), with a reader attributes and kind (its
  /// probability).
  std::map<std::string, std::vector<double>> pictures;
};

/// Features of a concept's photographs: computed once, used for every variant and seed.
struct RealFeatures {
  Tensor clip, dino;  // [r, width]
  RealFeatures(const EvaluationEncoders& encoders, const std::vector<Tensor>& photographs)
      : clip(encoders.clip(photographs)),
        dino(encoders.dino(photographs)) {}
};

/// Scores generated pictures, uint8 [H, W, 3].
///   prompts     one for each picture, without the modifier token; equal prompts belong together (diversity)
///   attributes  what the concept shows, "kind" among it; may be empty; not looked at without an attribute reader
OPAD_ONCE ConceptScores score_concept(const EvaluationEncoders& encoders, const RealFeatures& real,
                                      const std::vector<Tensor>& pictures, const std::vector<std::string>& prompts,
                                      const Attributes& attributes = {}, const FailureRule& rule = {}) {
  require(!pictures.empty() && pictures.size() == prompts.size(), "evaluation: ", pictures.size(), " pictures and ",
          prompts.size(), " prompts; give one prompt for each picture");
  ConceptScores out;
  const auto values = [&](const std::string& key, const Tensor& of_pictures) {
    const Tensor numbers = of_pictures.to(torch::kFloat64).contiguous();
    out.pictures[key].assign(numbers.data_ptr<double>(), numbers.data_ptr<double>() + numbers.numel());
    return out.metrics[key] = numbers.mean().item<double>();
  };
  const Tensor clip = encoders.clip(pictures), dino = encoders.dino(pictures), identity = likeness(dino, real.dino);
  values("dino", identity), values("clip-i", likeness(clip, real.clip));
  out.metrics["dino"] = image_similarity(dino, real.dino), out.metrics["clip-i"] = image_similarity(clip, real.clip);

  std::map<std::string, std::vector<std::int64_t>> places;  // of each prompt's pictures
  for (std::size_t i = 0; i < prompts.size(); ++i) places[prompts[i]].push_back(static_cast<std::int64_t>(i));
  Tensor text;
  double diversity = 0;
  for (const auto& [prompt, indices] : places) {
    const Tensor of_prompt = encoders.text({prompt}), rows = torch::tensor(indices);
    if (!text.defined()) text = torch::zeros({static_cast<std::int64_t>(prompts.size()), of_prompt.size(1)});
    text.index_copy_(0, rows, of_prompt.expand({rows.size(0), -1}));
    diversity += image_diversity(dino.index_select(0, rows)) / static_cast<double>(places.size());
  }
  values("clip-t", prompt_agreement(clip, text));
  if (!std::isnan(diversity)) out.metrics["diversity"] = diversity;

  Tensor failed = identity.lt(rule.dino);
  if (encoders.reader() && !attributes.empty()) {
    const AttributeReader& reader = *encoders.reader();
    const AttributeReading reading = encoders.read(pictures);
    Attributes own = attributes;
    for (const auto& [attribute, word] : attributes)
      out.metrics["attribute." + attribute] = reader.found(reading, attribute, word).mean().item<double>();
    if (const auto kind = own.find("kind"); kind != own.end()) {
      const Tensor probability = reader.probability(reading, "kind", kind->second).to(torch::kFloat64);
      values("kind", probability);
      failed = failed.logical_or(probability.lt(rule.kind));
      own.erase(kind);
    }
    if (!own.empty()) values("attributes", reader.share_found(reading, own));
  }
  values("failures", failed);
  return out;
}

}  // namespace opad
