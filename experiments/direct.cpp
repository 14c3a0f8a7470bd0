// direct: personalises the one-step model itself, without a teacher, by what works on multi-step models. The baselines
// of the paper.
//   direct --recipe textual-inversion --instance-data data/photos/cat --instance-prompt "<new1> cat" --output
//   runs/textual-inversion
#include "direct.hpp"

using namespace opad;

struct TextualInversion : Direct<TokensOnly> {
  static std::string name() { return "textual-inversion"; }
};
struct DirectCustomDiffusion : Direct<CustomDiffusion<KeyValue>> {
  static std::string name() { return "custom-diffusion"; }
};
struct DreamBooth : Direct<FullWeights> {
  static std::string name() { return "dreambooth"; }
};
struct DirectLora : Direct<Lora<4>> {
  static std::string name() { return "lora"; }
};

int main(int argc, char** argv) {
  return run_one_of(hana::tuple_t<TextualInversion, DirectCustomDiffusion, DreamBooth, DirectLora>, argc, argv);
}
