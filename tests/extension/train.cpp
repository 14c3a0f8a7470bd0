// lab-train: trains one of the recipes.
//   lab-train --recipe compared --models models/mini --instance-data photos --instance-prompt "<new1> cat" --output run
#include "recipes.hpp"

int main(int argc, char** argv) {
  return opad::run_one_of(opad::hana::tuple_t<lab::Compared, lab::Judged, lab::Trained>, argc, argv);
}
