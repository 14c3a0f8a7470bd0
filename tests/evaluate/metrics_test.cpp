#include <opad/data/concept_folder.hpp>
#include <opad/evaluate/concept_scores.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace opad;

namespace {

const std::filesystem::path golden = OPAD_SOURCE_DIR "/tests/golden/evaluate/metrics";

double apart(const Tensor& a, const Tensor& b) {
  return (a.to(torch::kFloat64) - b.to(torch::kFloat64)).abs().max().item<double>();
}

Tensor features(const char* name, std::int64_t n) { return Random(1).stream(name).normal({n, 7}).to(torch::kFloat64); }

std::vector<Tensor> doubles(std::vector<double> values) { return {torch::tensor(values, torch::kFloat64)}; }

}  // namespace

TEST_CASE("The evaluation agrees with the published evaluators in Python", "[evaluate][metrics]") {
  const EvaluationEncoders encoders(golden);
  const Tensors io = SafeTensors(golden / "io.safetensors").tensors();
  const Json expected = read_json(golden / "expected.json");
  const auto prompts = expected.at("prompts").get<std::vector<std::string>>();
  const auto real = read_concept_folder(OPAD_SOURCE_DIR "/data/photos/cat").pictures,
             generated = read_concept_folder(golden / "generated").pictures;
  REQUIRE(generated.size() == prompts.size());

  for (std::size_t i = 0; i < generated.size(); ++i) {
    INFO("picture " << i);
    REQUIRE(apart(ImagePreprocessing::clip(56)(generated[i]), io.at("pixels.clip")[static_cast<std::int64_t>(i)]) <
            1e-6);
    REQUIRE(apart(ImagePreprocessing::dino(56)(generated[i]), io.at("pixels.dino")[static_cast<std::int64_t>(i)]) <
            1e-6);
  }
  REQUIRE(apart(encoders.clip(generated), io.at("features.clip")) < 1e-5);
  REQUIRE(apart(encoders.dino(generated), io.at("features.dino")) < 1e-5);
  REQUIRE(apart(encoders.text(prompts), io.at("features.text")) < 1e-5);

  const ConceptScores scores = score_concept(encoders, RealFeatures(encoders, real), generated, prompts);
  for (const char* key : {"clip-i", "dino", "clip-t"}) {
    INFO(key);
    REQUIRE(std::abs(scores.metrics.at(key) - expected.at(key).get<double>()) < 1e-5);
  }
  for (const auto& [key, name] :
       {std::pair{"clip-i", "likeness.clip"}, {"dino", "likeness.dino"}, {"clip-t", "clip-t"}})
    REQUIRE(apart(doubles(scores.pictures.at(key))[0], io.at(name)) < 1e-5);
  const std::vector<Tensor> pair(generated.begin(), generated.begin() + 2);
  const ConceptScores twice = score_concept(encoders, RealFeatures(encoders, real), pair, {prompts[0], prompts[1]});
  REQUIRE(std::abs(twice.metrics.at("diversity") - expected.at("diversity of the first two").get<double>()) < 1e-5);
  REQUIRE_FALSE(scores.metrics.contains("diversity"));  // two of the prompts have one picture only
  REQUIRE_FALSE(scores.metrics.contains("attributes"));
}

TEST_CASE("Metrics by hand", "[evaluate][metrics]") {
  const Tensor generated = torch::tensor({{3.0, 4.0}, {0.0, 2.0}}), real = torch::tensor({{1.0, 0.0}, {0.0, 1.0}});
  REQUIRE(at::allclose(likeness(generated, real), torch::tensor({(0.6 + 0.8) / 2, 0.5}, torch::kFloat64)));
  REQUIRE(image_similarity(generated, real) == Approx(0.6));
  REQUIRE(image_similarity(-generated, real) == 0);
  REQUIRE(at::allclose(prompt_agreement(generated, real), torch::tensor({0.6, 1.0}, torch::kFloat64)));
  REQUIRE(image_diversity(generated) == Approx(0.2));
  REQUIRE(std::isnan(image_diversity(generated.narrow(0, 0, 1))));
}

TEST_CASE("Metrics do not change with the features' lengths, nor with the pictures' order", "[evaluate][metrics]") {
  const Tensor a = features("a", 5), b = features("b", 4),
               factor = Random(1).stream("f").uniform({5, 1}).to(torch::kFloat64) + 0.1;
  REQUIRE(image_similarity(a * factor, b) == Approx(image_similarity(a, b)));
  REQUIRE(image_similarity(a.flip(0), b.flip(0)) == Approx(image_similarity(a, b)));
  REQUIRE(image_diversity(a * factor) == Approx(image_diversity(a)));
  REQUIRE(image_diversity(a.flip(0)) == Approx(image_diversity(a)));
  REQUIRE(likeness(a, a.narrow(0, 0, 1))[0].item<double>() == Approx(1));
  REQUIRE(image_diversity(a.narrow(0, 0, 1).expand({3, 7})) == Approx(0).margin(1e-12));
}

TEST_CASE("A picture fails below either threshold", "[evaluate][metrics]") {
  const TemporaryFolder folder;
  std::filesystem::copy(golden, folder.path, std::filesystem::copy_options::recursive);
  AttributeReader reader(AttributeReaderConfig{.img_size = 16, .norm_num_groups = 4, .channels = {8}},
                         {{"kind", {"cat", "dog"}}, {"texture", {"plain", "striped"}}});
  fill_random(reader, Random(1));
  torch::NoGradGuard no_grad;
  reader.named_parameters()["heads.kind.weight"].zero_();  // every picture is a cat with probability 0.75
  reader.named_parameters()["heads.kind.bias"].copy_(torch::tensor({std::log(3.0), 0.0}));
  reader.named_parameters()["heads.texture.weight"].zero_();
  reader.named_parameters()["heads.texture.bias"].copy_(torch::tensor({0.0, 1.0}));
  reader.save_pretrained(folder / "attribute-reader");

  const EvaluationEncoders encoders(folder.path);
  const auto generated = read_concept_folder(golden / "generated").pictures;
  const RealFeatures real(encoders, generated);
  const std::vector<std::string> prompts(generated.size(), "a cat");
  const auto score = [&](const Attributes& wanted, const FailureRule& rule) {
    return score_concept(encoders, real, generated, prompts, wanted, rule);
  };
  const ConceptScores cat = score({{"kind", "cat"}, {"texture", "striped"}}, {.dino = -1, .kind = 0.7});
  REQUIRE(cat.metrics.at("failures") == 0);
  REQUIRE(cat.metrics.at("kind") == Approx(0.75));
  REQUIRE(cat.metrics.at("attributes") == 1);
  REQUIRE(cat.metrics.at("attribute.texture") == 1);
  REQUIRE(score({{"kind", "cat"}}, {.dino = -1, .kind = 0.8}).metrics.at("failures") == 1);
  REQUIRE(score({{"kind", "dog"}}, {.dino = -1, .kind = 0.5}).metrics.at("failures") == 1);
  REQUIRE(score({{"kind", "cat"}, {"texture", "plain"}}, {.dino = -1, .kind = 0.5}).metrics.at("attributes") == 0);
  const auto identity = cat.pictures.at("dino");
  std::vector<double> sorted = identity;
  std::sort(sorted.begin(), sorted.end());
  REQUIRE(score({}, {.dino = (sorted[0] + sorted[1]) / 2}).metrics.at("failures") ==
          Approx(1.0 / static_cast<double>(generated.size())));
}

TEST_CASE("preprocessor_config.json decides where there is one", "[evaluate][metrics]") {
  const TemporaryFolder folder;
  const auto read = [&](const Json& json) {
    write_json(folder / "preprocessor_config.json", json);
    return ImagePreprocessing::of_folder(folder.path, ImagePreprocessing::dino(224));
  };
  REQUIRE(ImagePreprocessing::of_folder(folder / "none", ImagePreprocessing::dino(224)).resize == 256);
  const auto old = read({{"size", 224}, {"crop_size", 224}, {"resample", 2}, {"image_mean", {0.5, 0.5, 0.5}}});
  REQUIRE(old.resize == 224);
  REQUIRE(old.filter == Filter::Bilinear);
  REQUIRE(old.mean[0] == 0.5);
  REQUIRE(old.deviation[0] == 0.229);
  const auto modern = read({{"size", {{"shortest_edge", 256}}}, {"crop_size", {{"height", 224}, {"width", 224}}}});
  REQUIRE(modern.resize == 256);
  REQUIRE(modern.crop == 224);
  REQUIRE_THROWS_WITH(read({{"size", 128}}), ContainsSubstring("224"));
  REQUIRE_THROWS_WITH(read({{"size", {{"height", 224}, {"width", 256}}}}), ContainsSubstring("not square"));
  REQUIRE_THROWS_WITH(read({{"size", "large"}}), ContainsSubstring("size"));
  REQUIRE_THROWS_WITH(read({{"resample", 9}}), ContainsSubstring("resample"));
  REQUIRE_THROWS_WITH(read({{"image_mean", {0.5}}}), ContainsSubstring("image_mean"));
}

TEST_CASE("What cannot be scored is refused", "[evaluate][metrics]") {
  REQUIRE_THROWS_WITH(EvaluationEncoders(golden / "none"), ContainsSubstring("no such folder"));
  const EvaluationEncoders encoders(golden);
  REQUIRE_THROWS_WITH(encoders.clip({}), ContainsSubstring("no pictures"));
  REQUIRE_THROWS_WITH(encoders.read({torch::zeros({8, 8, 3}, torch::kUInt8)}), ContainsSubstring("attribute-reader"));
  const std::vector<Tensor> one{torch::zeros({60, 60, 3}, torch::kUInt8)};
  REQUIRE_THROWS_WITH(score_concept(encoders, RealFeatures(encoders, one), one, {}),
                      ContainsSubstring("one prompt for each picture"));
}
