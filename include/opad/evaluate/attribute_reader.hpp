#pragma once
#include <map>
#include <string>
#include <vector>

#include <opad/models/vision_transformer.hpp>

namespace opad {

/// What a reader can say, by attribute, in the order of attributes.json:  {"kind", {"cat", "dog", ...}}, {"primary", {"red", ...}}, ...
using AttributeWords = std::vector<std::pair<std::string, std::vector<std::string>>>;

/// What is to be seen in a picture: one word for each attribute that matters.  {{"kind", "dog"}, {"primary", "white"}}
using Attributes = std::map<std::string, std::string>;

/// attributes.json: an object of lists of words, each word once in its list.
inline AttributeWords read_attribute_words(const std::filesystem::path& file) {
  const Json json = read_json(file);
  require(json.is_object() && !json.empty(), file.string(), ": not an object {\"attribute\": [\"word\", ...], ...}");
  const ConfigReader read(json, file.string());
  AttributeWords words;
  for (const auto& [attribute, list] : json.items()) {
    auto& of_attribute = words.emplace_back(attribute, std::vector<std::string>{}).second;
    read(attribute.c_str(), of_attribute);
    const std::set<std::string> once(of_attribute.begin(), of_attribute.end());
    require(once.size() >= 2 && once.size() == of_attribute.size(), file.string(), ": ", attribute,
            " must list at least two words, each once");
    require(!attribute.empty() && attribute.find('.') == std::string::npos, file.string(), ": \"", attribute, "\" cannot name a head");
  }
  return words;
}

/// What the reader found in a batch of pictures: for each attribute the probabilities of its words.  [B, words]
using AttributeReading = std::map<std::string, Tensor>;

/// Reads attributes (kind, colours, texture, accessory, scene, style) off pictures: a VisionTransformer without a classifier, and on
/// its class token one linear layer for each attribute. It measures whether a personalised model shows the concept's own attributes:
/// a metric that says what was lost, and that no part of the training has seen.
///   image   [B, 3, img_size, img_size] in [-1, 1]
///   folder  config.json       timm's keyword arguments of the VisionTransformer
///           model.safetensors timm's keys, and heads.ATTRIBUTE.weight [words, embed_dim], heads.ATTRIBUTE.bias [words]
///           attributes.json   {"ATTRIBUTE": [words of its head, in order], ...}
/// For training: AttributeReader(config, words), fill_random(reader, random), requires_grad_() on its parameters, loss(...), then
/// save_pretrained(folder).
struct AttributeReader : VisionTransformer {
  /// One linear layer for each attribute, by its name.
  struct Heads : torch::nn::Module {
    std::vector<std::shared_ptr<LinearLayer>> layers;
    Heads(std::int64_t width, const AttributeWords& words) {
      for (const auto& [attribute, list] : words)
        layers.push_back(register_module(attribute, std::make_shared<LinearLayer>(width, static_cast<std::int64_t>(list.size()))));
    }
  };

  AttributeWords words;
  std::shared_ptr<Heads> heads;

  AttributeReader(const VisionTransformerConfig& config, AttributeWords attribute_words)
      : VisionTransformer(config), words(std::move(attribute_words)),
        heads(register_module("heads", std::make_shared<Heads>(config.embed_dim, words))) {
    require(config.global_pool == "token", "AttributeReader: global_pool \"", config.global_pool, "\"; the heads read the class token");
  }

  static std::shared_ptr<AttributeReader> from_pretrained(const std::filesystem::path& folder) {
    require(std::filesystem::is_directory(folder), folder.string(), ": no such folder; give the folder of an attribute reader");
    const auto file = folder / "config.json";
    auto reader = std::make_shared<AttributeReader>(VisionTransformerConfig::from_json(read_json(file), file.string()),
                                                    read_attribute_words(folder / "attributes.json"));
    load_parameters(*reader, read_weights(folder, "model"), folder.string());
    return reader;
  }

  /// Writes attributes.json and model.safetensors; config.json, last, completes the folder.
  void save_pretrained(const std::filesystem::path& folder, at::ScalarType type = torch::kFloat32) const {
    std::filesystem::create_directories(folder);
    Json lists = Json::object();
    for (const auto& [attribute, list] : words) lists[attribute] = list;
    write_json(folder / "attributes.json", lists);
    save_model_folder(folder, "model", *this, config.to_json(), type);
  }

  /// For each attribute, in the order of `words`.  [B, 3, s, s] -> [B, words] each
  std::vector<Tensor> logits(const Tensor& image) const {
    const Tensor token = forward(image);
    std::vector<Tensor> out;
    for (const auto& layer : heads->layers) out.push_back(layer->forward(token));
    return out;
  }

  /// Cross-entropy of the right words, averaged over pictures and summed over attributes.
  ///   labels  [B, attributes] int64: the number of each picture's word in its attribute's list; -1 where it is not known  -> []
  Tensor loss(const Tensor& image, const Tensor& labels) const {
    const auto outputs = logits(image);
    require(labels.dim() == 2 && labels.size(0) == image.size(0) && labels.size(1) == static_cast<std::int64_t>(outputs.size()),
            "AttributeReader: labels ", labels.sizes(), " instead of [", image.size(0), ", ", outputs.size(), "]");
    Tensor total = torch::zeros({}, outputs[0].options());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const Tensor wanted = labels.select(1, static_cast<std::int64_t>(i));
      if (wanted.ge(0).any().item<bool>()) total = total + at::cross_entropy_loss(outputs[i], wanted, {}, at::Reduction::Mean, -1);
    }
    return total;
  }

  /// Probabilities of every word.
  AttributeReading read(const Tensor& image) const {
    const auto outputs = logits(image);
    AttributeReading reading;
    for (std::size_t i = 0; i < outputs.size(); ++i) reading[words[i].first] = outputs[i].softmax(1);
    return reading;
  }

  /// The probability that each picture shows a word.  -> [B]
  Tensor probability(const AttributeReading& reading, const std::string& attribute, const std::string& word) const {
    const auto found = std::find_if(words.begin(), words.end(), [&](const auto& w) { return w.first == attribute; });
    require(found != words.end(), "AttributeReader: there is no attribute ", attribute);
    const auto at = std::find(found->second.begin(), found->second.end(), word);
    require(at != found->second.end(), "AttributeReader: ", attribute, " has no word ", word);
    return reading.at(attribute).select(1, at - found->second.begin());
  }

  /// Whether each picture's most probable word is the wanted one.  -> [B], 0 or 1
  Tensor found(const AttributeReading& reading, const std::string& attribute, const std::string& word) const {
    return probability(reading, attribute, word).eq(reading.at(attribute).amax(1)).to(torch::kFloat64);
  }

  /// The share of the wanted attributes that each picture shows.  -> [B] in [0, 1]
  Tensor share_found(const AttributeReading& reading, const Attributes& wanted) const {
    require(!wanted.empty(), "AttributeReader: no attributes to look for");
    std::vector<Tensor> each;
    for (const auto& [attribute, word] : wanted) each.push_back(found(reading, attribute, word));
    return at::stack(each).mean(0);
  }
};

}  // namespace opad
