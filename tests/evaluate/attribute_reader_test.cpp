#include <opad/data/sprites.hpp>
#include <opad/evaluate/sprite_attributes.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace opad;

namespace {

const AttributeReaderConfig small =
    AttributeReaderConfig::from_json({{"img_size", 32}, {"norm_num_groups", 4}, {"channels", {8, 12}}}, "config.json");

std::shared_ptr<AttributeReader> random_reader(const AttributeWords& words = sprite_attribute_words()) {
  auto reader = std::make_shared<AttributeReader>(small, words);
  fill_random(*reader, Random(1));
  return reader;
}

Tensor pictures(std::int64_t n) { return Random(2).stream("pictures").uniform({n, 3, 32, 32}) * 2 - 1; }

}  // namespace

TEST_CASE("An attribute reader is its network with a linear layer for each attribute on the mean over the picture",
          "[evaluate][attributes]") {
  const auto reader = random_reader();
  const Tensor image = pictures(3), token = reader->features(image);
  const auto parameters = reader->named_parameters();
  REQUIRE(parameters.contains("levels.1.conv2.weight"));
  REQUIRE(token.sizes() == Shape{3, 12});
  const auto reading = reader->read(image);
  REQUIRE(reading.size() == 8);
  for (const auto& [attribute, list] : reader->words) {
    const Tensor weight = parameters["heads." + attribute + ".weight"],
                 bias = parameters["heads." + attribute + ".bias"];
    REQUIRE(weight.sizes() == Shape{static_cast<std::int64_t>(list.size()), 12});
    REQUIRE(at::allclose(reading.at(attribute), (token.matmul(weight.t()) + bias).softmax(1), 1e-5, 1e-7));
  }
}

TEST_CASE("An attribute reader comes back from its folder as it was", "[evaluate][attributes]") {
  const TemporaryFolder folder;
  const auto reader = random_reader();
  reader->save_pretrained(folder.path);
  const auto again = AttributeReader::from_pretrained(folder.path);
  REQUIRE(again->words == reader->words);
  const auto before = reader->read(pictures(2)), after = again->read(pictures(2));
  for (const auto& [attribute, probabilities] : before) REQUIRE(at::equal(probabilities, after.at(attribute)));

  SECTION("a list of words that does not fit its head") {
    Json words = read_json(folder / "attributes.json");
    words["style"].push_back("collage");
    write_json(folder / "attributes.json", words);
    REQUIRE_THROWS_WITH(AttributeReader::from_pretrained(folder.path), ContainsSubstring("heads.style.weight"));
  }
  SECTION("a word twice") {
    write_json(folder / "attributes.json", {{"kind", {"cat", "cat"}}});
    REQUIRE_THROWS_WITH(AttributeReader::from_pretrained(folder.path), ContainsSubstring("each once"));
  }
  SECTION("no lists") {
    write_json(folder / "attributes.json", {{"kind", 3}});
    REQUIRE_THROWS_WITH(AttributeReader::from_pretrained(folder.path), ContainsSubstring("kind"));
  }
  SECTION("no folder") {
    REQUIRE_THROWS_WITH(AttributeReader::from_pretrained(folder / "none"), ContainsSubstring("no such folder"));
  }
}

TEST_CASE("The share of attributes found counts the most probable words", "[evaluate][attributes]") {
  const auto reader = random_reader({{"kind", {"cat", "dog"}}, {"texture", {"plain", "striped", "dotted"}}});
  const AttributeReading reading{{"kind", torch::tensor({{0.9, 0.1}, {0.3, 0.7}})},
                                 {"texture", torch::tensor({{0.5, 0.3, 0.2}, {0.1, 0.2, 0.7}})}};
  const auto share = [&](const Attributes& wanted) { return reader->share_found(reading, wanted); };
  REQUIRE(at::equal(share({{"kind", "cat"}, {"texture", "plain"}}), torch::tensor({1.0, 0.0}, torch::kFloat64)));
  REQUIRE(at::equal(share({{"kind", "cat"}, {"texture", "dotted"}}), torch::tensor({0.5, 0.5}, torch::kFloat64)));
  REQUIRE(at::allclose(reader->probability(reading, "kind", "dog"), torch::tensor({0.1, 0.7})));
  REQUIRE_THROWS_WITH(share({{"colour", "red"}}), ContainsSubstring("colour"));
  REQUIRE_THROWS_WITH(share({{"kind", "duck"}}), ContainsSubstring("duck"));
}

TEST_CASE("An attribute reader learns the sprites that it is shown", "[evaluate][attributes]") {
  const auto reader = random_reader();
  NamedTensors parameters;
  std::vector<Tensor> images, labels;
  Stream random = Random(3).stream("sprites");
  for (int i = 0; i < 8; ++i) {
    const sprites::Sprite sprite = sprites::sample_sprite(random);
    images.push_back(sprites::render(sprite, 32).permute({2, 0, 1}).to(torch::kFloat32) / 127.5 - 1);
    labels.push_back(torch::tensor(sprite_labels(sprite)));
  }
  const Tensor image = at::stack(images), label = at::stack(labels);
  for (auto& item : reader->named_parameters()) item.value().requires_grad_();
  const double before = reader->loss(image, label).item<double>();
  for (int step = 0; step < 150; ++step) {
    reader->loss(image, label).backward();
    torch::NoGradGuard no_grad;
    for (auto& item : reader->named_parameters()) {
      item.value().add_(item.value().grad().sign(), -0.003);
      item.value().mutable_grad().reset();
    }
  }
  REQUIRE(reader->loss(image, label).item<double>() < before / 4);
  SECTION("what is not known costs nothing") {
    const Tensor nothing = torch::full_like(label, -1);
    REQUIRE(reader->loss(image, nothing).item<double>() == 0);
    REQUIRE_THROWS_WITH(reader->loss(image, label.narrow(1, 0, 3)), ContainsSubstring("labels"));
  }
}

TEST_CASE("A sprite's labels are its words' numbers", "[evaluate][attributes]") {
  const auto words = sprite_attribute_words();
  for (const auto& thing : sprites::held_out) {
    const auto labels = sprite_labels({.identity = thing.identity});
    const Attributes wanted = sprite_attributes(thing.identity);
    REQUIRE(labels.size() == words.size());
    for (std::size_t i = 0; i < words.size(); ++i)
      if (const auto found = wanted.find(words[i].first); found != wanted.end())
        REQUIRE(words[i].second.at(static_cast<std::size_t>(labels[i])) == found->second);
  }
}

TEST_CASE("An attribute reader's config comes back from what it writes", "[evaluate][attributes]") {
  REQUIRE(AttributeReaderConfig::from_json(small.to_json(), "config.json").to_json() == small.to_json());
  REQUIRE_THROWS_WITH(AttributeReaderConfig::from_json({{"img_size", 2}, {"channels", {8, 8}}}, "here"),
                      ContainsSubstring("here"));
}
