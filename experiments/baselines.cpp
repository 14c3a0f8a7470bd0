// baselines: the one-step model personalised directly, by what works on multi-step models, and by what the teacher
// learned.
#include "direct.hpp"
#include "full.hpp"

using namespace opad;

/// The teacher learns; its keys, values and words are put on the student as they are.
struct Copied : Replace<Default, Joint, TeacherOnly> {
  static RowFacts row() { return {.scored = Scored::TeachersAdapters}; }
};

int main(int argc, char** argv) {
  return sweep(hana::tuple_t<Full, Row<"textual-inversion", Direct<TokensOnly>, drops>,
                             Row<"custom-diffusion", Direct<CustomDiffusion<KeyValue>>, drops>,
                             Row<"dreambooth", Direct<FullWeights>, drops>, Row<"lora", Direct<Lora<4>>, drops>,
                             Row<"copied-from-teacher", Copied>, IpAdapterRow>,
               argc, argv);
}
