// evaluate: scores a folder of generated pictures against photographs and prompts, as DreamBench and CustomConcept101
// do.
//   evaluate --generated pictures --real data/dog --encoders ENCODERS --prompts pictures/prompts.json
#include <opad/data/concept_folder.hpp>
#include <opad/evaluate/concept_scores.hpp>
#include <opad/experiment/options/failure_rule.hpp>
#include <opad/experiment/run/complete_settings.hpp>
#include <opad/experiment/run/run.hpp>
#include <opad/experiment/sweep/results.hpp>
#include <opad/io/output_apart.hpp>

using namespace opad;

namespace {

struct Settings {
  std::filesystem::path generated, real, encoders, prompts, output;
  std::string prompt, device = "cpu";
  std::vector<std::string> modifier_token{"<new1>"}, attributes;
  FailureRule rule;

  void bind(Options& options) {
    options.group("What");
    options.bind_value("generated", generated, "folder of generated pictures");
    options.bind_value("real", real, "folder of the concept's photographs");
    options.bind_value("prompts", prompts, "JSON file {\"picture's name without ending\": \"prompt\"}");
    options.bind_value("prompt", prompt, "the prompt of all pictures, instead of --prompts");
    options.bind_value("modifier-token", modifier_token,
                       "words left out of the prompts before they are compared with pictures");
    options.bind_value("attributes", attributes,
                       "what the concept shows, for the attribute reader: kind=dog primary=white ...");
    options.group("How");
    options.bind_value("encoders", encoders,
                       "folder with clip/, dino/ and maybe attribute-reader/; none: the mini world's");
    bind_failure_rule(options, rule);
    options.bind_value("device", device, "cpu, cuda, cuda:1, ...");
    options.bind_value("output", output,
                       "JSON file for the scores of each picture; none: only the means, on standard output");
  }
};

/// A prompt without the modifier tokens and the space behind them.
std::string without_tokens(std::string prompt, const std::vector<std::string>& tokens) {
  for (const std::string& token : tokens)
    for (auto at = prompt.find(token); at != std::string::npos; at = prompt.find(token))
      prompt.erase(at, token.size() + (prompt.compare(at + token.size(), 1, " ") == 0 ? 1 : 0));
  return prompt;
}

/// The prompt of each picture, in the pictures' order.
std::vector<std::string> prompts_of(const std::vector<std::filesystem::path>& files, const Settings& s) {
  require(s.prompt.empty() != s.prompts.empty(), "give either --prompts FILE or --prompt TEXT");
  if (!s.prompt.empty()) return std::vector<std::string>(files.size(), without_tokens(s.prompt, s.modifier_token));
  const auto json = read_json<nlohmann::json>(s.prompts);
  require(json.is_object(), s.prompts.string(), ": not an object {\"picture's name without ending\": \"prompt\"}");
  std::vector<std::string> out;
  for (const auto& file : files) {
    const auto found = json.find(file.stem().string());
    require(found != json.end() && found->is_string(), s.prompts.string(), ": no prompt for ", file.filename().string(),
            ", under the key \"", file.stem().string(), "\"");
    out.push_back(without_tokens(found->get<std::string>(), s.modifier_token));
  }
  return out;
}

Attributes attributes_of(const std::vector<std::string>& words) {
  Attributes out;
  for (const std::string& word : words) {
    const auto equals = word.find('=');
    require(equals != std::string::npos, "--attributes ", word, ": give attribute=word, for instance kind=dog");
    out[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return out;
}

int evaluate(int argc, char** argv) {
  Settings s;
  Options options("evaluate",
                  "Scores generated pictures: likeness to photographs (DINO, CLIP-I), agreement with prompts (CLIP-T), "
                  "diversity, failures.");
  s.bind(options);
  if (!options.parse(argc, argv)) return 0;
  require(!s.generated.empty(), "--generated is missing; give the folder of generated pictures");
  require(!s.real.empty(), "--real is missing; give the folder of the concept's photographs");
  if (!s.modifier_token.empty()) require_modifier_tokens(s.modifier_token);
  if (!s.output.empty())
    require_output_apart(
        s.output, {{"generated", s.generated}, {"real", s.real}, {"encoders", s.encoders}, {"prompts", s.prompts}},
        "give the scores a place of their own");
  const ConceptFolder generated = read_concept_folder(s.generated), real = read_concept_folder(s.real);
  const std::vector<std::string> prompts = prompts_of(generated.files, s);
  const EvaluationEncoders encoders(s.encoders.empty() ? default_models() / "evaluation" : s.encoders,
                                    parse_device(s.device));
  require(s.attributes.empty() || encoders.reader(), "--attributes: there is no attribute-reader/ among the encoders");
  const ConceptScores scores = score_concept(encoders, RealFeatures(encoders, real.pictures), generated.pictures,
                                             prompts, attributes_of(s.attributes), s.rule);

  std::cout << generated.files.size() << " pictures against " << real.files.size() << " photographs\n";
  for (const auto& [metric, value] : scores.metrics)
    std::cout << metric << std::string(metric.size() < 22 ? 22 - metric.size() : 1, ' ') << decimal(value, 4) << "\n";
  if (s.output.empty()) return 0;
  Json pictures = Json::array();
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    Json one{{"file", generated.files[i].filename().string()}, {"prompt", prompts[i]}};
    for (const auto& [metric, values] : scores.pictures) one[metric] = values[i];
    pictures.push_back(std::move(one));
  }
  write_json(s.output, {{"metrics", scores.metrics},
                        {"pictures", pictures},
                        {"failure", {{"dino", s.rule.dino}, {"kind", s.rule.kind}}}});
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return guarded_main("evaluate", [&] { return evaluate(argc, argv); });
}
