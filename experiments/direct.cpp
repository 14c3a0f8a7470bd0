// direct: personalises the one-step model itself, without a teacher, by what works on multi-step models. The baselines of the paper.
//   direct --recipe textual-inversion --instance-data data/photos/cat --instance-prompt "<new1> cat" --output runs/textual-inversion
#include <opad/opad.hpp>

using namespace opad;

/// The student learns by the denoising loss alone.
template <class Trained>
struct Direct : Default {
  static auto losses() { return loss_list(); }
  static auto critics() { return critic_list(); }
  static auto coupling() { return StudentOnly{}; }
  static auto student_adapter() { return Trained{}; }
};
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
