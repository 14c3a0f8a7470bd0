// ablate_coupling: how teacher and student learn together.
#include "full.hpp"

using namespace opad;

struct GivenTeacher
    : Replace<Full, Full::BothStages, FrozenTeacher> {  // the one that the full method trained; run that row first
  static std::string name() { return "frozen-teacher"; }
  static RowFacts row() { return {.teacher_of = "full"}; }
};

int main(int argc, char** argv) {
  return sweep(
      hana::tuple_t<
          Full, Row<"sequential", Replace<Full, Full::BothStages, Sequential>, drops>,  // "clearly worse, and slower"
          Row<"separate-text-encoders", Replace<Full, SharedTextEncoder, SeparateTextEncoders>, drops>, GivenTeacher>,
      argc, argv);
}
