// ablate_steps: students that take one, two or four steps, in training as in use.
#include "full.hpp"

using namespace opad;

template <int N>
struct Steps : Full {
  static auto sampler() { return EulerSteps{.steps = N}; }
};

int main(int argc, char** argv) {
  return sweep(hana::tuple_t<Full, Row<"two-steps", Steps<2>>, Row<"four-steps", Steps<4>>>, argc, argv);
}
