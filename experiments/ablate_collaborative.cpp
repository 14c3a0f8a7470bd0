// ablate_collaborative: the second stage, for the student and, with --evaluate-teacher, for the teacher.
#include "full.hpp"

using namespace opad;

int main(int argc, char** argv) {
  return sweep(
      hana::tuple_t<
          Full, Row<"without-collaborative", Replace<Full, Full::BothStages, Joint>, drops>,
          Row<"keep-all", Replace<Full, Full::BothStages, Collaborative<Joint, KeepAll>>>,
          Row<"keep-best-by-dino", Replace<Full, Full::BothStages, Collaborative<Joint, KeepBest<Features<Dino>>>>>>,
      argc, argv);
}
