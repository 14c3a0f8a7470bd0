#pragma once
#include <map>
#include <string>
#include <vector>

#include <opad/io/weights.hpp>
#include <opad/models/config.hpp>
#include <opad/models/layers.hpp>
#include <opad/models/pretrained.hpp>

namespace opad {

/// What a reader can say, by attribute, in the order of attributes.json:  {"kind", {"cat", "dog", ...}}, {"primary",
/// {"red", ...}}, ...
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
    require(!attribute.empty() && attribute.find('.') == std::string::npos, file.string(), ": \"", attribute,
            "\" cannot name a head");
  }
  return words;
}

/// What the reader found in a batch of pictures: for each attribute the probabilities of its words.  [B, words]
using AttributeReading = std::map<std::string, Tensor>;

/// config.json of an attribute reader.
///   channels  of each level; the first has half the picture's resolution, every other half of the one before it
struct AttributeReaderConfig {
  std::int64_t img_size = 32, norm_num_groups = 8;
  std::vector<std::int64_t> channels = {64, 128, 256};

  static AttributeReaderConfig from_json(const Json& json, const std::string& where) {
    AttributeReaderConfig c;
    const ConfigReader read(json, where);
    read("img_size", c.img_size), read("norm_num_groups", c.norm_num_groups), read("channels", c.channels);
    require(!c.channels.empty() && c.img_size >> c.channels.size() > 0, where, ": ", c.channels.size(),
            " levels do not fit into img_size ", c.img_size);
    return c;
  }
  Json to_json() const {
    return {{"_class_name", "AttributeReader"},
            {"img_size", img_size},
            {"norm_num_groups", norm_num_groups},
            {"channels", channels}};
  }
};

/// One level of an attribute reader: a convolution that halves the resolution, then a residual block (He et al.,
/// "Identity Mappings in Deep Residual Networks", ECCV 2016, arXiv 1603.05027, with group normalisation).
/// [B, in, s, s] -> [B, out, s / 2, s / 2]
struct ReaderLevel : torch::nn::Module {
  std::shared_ptr<Conv2d> down, conv1, conv2;
  std::shared_ptr<GroupNorm> norm1, norm2;

  ReaderLevel(std::int64_t in, std::int64_t out, std::int64_t groups)
      : down(register_module("down", std::make_shared<Conv2d>(in, out, 4, 2, 1))),
        conv1(register_module("conv1", std::make_shared<Conv2d>(out, out, 3, 1, 1))),
        conv2(register_module("conv2", std::make_shared<Conv2d>(out, out, 3, 1, 1))),
        norm1(register_module("norm1", std::make_shared<GroupNorm>(groups, out, 1e-5))),
        norm2(register_module("norm2", std::make_shared<GroupNorm>(groups, out, 1e-5))) {}

  Tensor forward(const Tensor& image) const {
    const Tensor x = down->forward(image);
    return x + conv2->forward(at::silu(norm2->forward(conv1->forward(at::silu(norm1->forward(x))))));
  }
};

/// Reads attributes (kind, colours, texture, accessory, scene, style) off pictures: a small residual network, averaged
/// over the picture, and on that one linear layer for each attribute. It measures whether a personalised model shows
/// the concept's own attributes: a metric that says what was lost, and that no part of the training has seen.
/// (Convolutions, because they learn sprites within a few hundred thousand pictures, of which a vision transformer of
/// the same cost knows half the kinds.)
///   image   [B, 3, img_size, img_size] in [-1, 1]
///   folder  config.json        AttributeReaderConfig
///           model.safetensors  levels.N.{down,norm1,conv1,norm2,conv2}, norm, heads.ATTRIBUTE.weight [words, width],
///                              heads.ATTRIBUTE.bias [words]
///           attributes.json    {"ATTRIBUTE": [words of its head, in order], ...}
/// For training: AttributeReader(config, words), fill_random(reader, random), requires_grad_() on its parameters,
/// loss(...), then save_pretrained(folder).
struct AttributeReader : torch::nn::Module {
  /// One linear layer for each attribute, by its name.
  struct Heads : torch::nn::Module {
    std::vector<std::shared_ptr<LinearLayer>> layers;
    Heads(std::int64_t width, const AttributeWords& words) {
      for (const auto& [attribute, list] : words)
        layers.push_back(
            register_module(attribute, std::make_shared<LinearLayer>(width, static_cast<std::int64_t>(list.size()))));
    }
  };

  AttributeReaderConfig config;
  AttributeWords words;
  std::shared_ptr<ModuleList<ReaderLevel>> levels;
  std::shared_ptr<GroupNorm> norm;
  std::shared_ptr<Heads> heads;

  AttributeReader(AttributeReaderConfig reader_config, AttributeWords attribute_words)
      : config(std::move(reader_config)),
        words(std::move(attribute_words)),
        levels(register_module("levels", std::make_shared<ModuleList<ReaderLevel>>())),
        norm(
            register_module("norm", std::make_shared<GroupNorm>(config.norm_num_groups, config.channels.back(), 1e-5))),
        heads(register_module("heads", std::make_shared<Heads>(config.channels.back(), words))) {
    std::int64_t in = 3;
    for (const std::int64_t out : config.channels) levels->emplace(in, out, config.norm_num_groups), in = out;
  }

  static std::shared_ptr<AttributeReader> from_pretrained(const std::filesystem::path& folder) {
    require(std::filesystem::is_directory(folder), folder.string(),
            ": no such folder; give the folder of an attribute reader");
    const auto file = folder / "config.json";
    auto reader = std::make_shared<AttributeReader>(AttributeReaderConfig::from_json(read_json(file), file.string()),
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

  /// What the heads look at.  [B, 3, s, s] -> [B, width]
  Tensor features(const Tensor& image) const {
    Tensor x = image;
    for (const auto& level : *levels) x = level->forward(x);
    return at::silu(norm->forward(x)).mean({2, 3});
  }

  /// For each attribute, in the order of `words`.  [B, 3, s, s] -> [B, words] each
  std::vector<Tensor> logits(const Tensor& image) const {
    const Tensor found = features(image);
    std::vector<Tensor> out;
    for (const auto& layer : heads->layers) out.push_back(layer->forward(found));
    return out;
  }

  /// Cross-entropy of the right words, averaged over pictures and summed over attributes.
  ///   labels  [B, attributes] int64: the number of each picture's word in its attribute's list; -1 where it is not
  ///           known  -> []
  Tensor loss(const Tensor& image, const Tensor& labels) const {
    const auto outputs = logits(image);
    require(labels.dim() == 2 && labels.size(0) == image.size(0) &&
                labels.size(1) == static_cast<std::int64_t>(outputs.size()),
            "AttributeReader: labels ", labels.sizes(), " instead of [", image.size(0), ", ", outputs.size(), "]");
    Tensor total = torch::zeros({}, outputs[0].options());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const Tensor wanted = labels.select(1, static_cast<std::int64_t>(i));
      if (wanted.ge(0).any().item<bool>())
        total = total + at::cross_entropy_loss(outputs[i], wanted, {}, at::Reduction::Mean, -1);
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
