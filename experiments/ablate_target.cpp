// ablate_target: what the teacher shows the student.
#include "full.hpp"

using namespace opad;

int main(int argc, char** argv) {
  return sweep(hana::tuple_t<Full,  // one prediction at a random noise level
                             Row<"grid", Replace<Full, RandomStep, Grid<25, 4>>>,
                             Row<"full-sampling", Replace<Full, RandomStep, FullSampling>>,
                             Row<"real-images", Replace<Full, RandomStep, RealImages>>>,
               argc, argv);
}
