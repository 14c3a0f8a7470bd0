// ablate_losses: the student's alignment and adversarial terms, each left out.
#include "full.hpp"

using namespace opad;

int main(int argc, char** argv) {
  return sweep(
      hana::tuple_t<Full, Row<"without-adversarial", Without<Full, Adversarial>, drops>,  // "the key ingredient"
                    Row<"without-alignment", Without<Full, Alignment>, drops>,
                    Row<"without-latent-mse", Without<Full, LatentMse>, drops>,
                    Row<"without-identity", Without<Full, Identity>, drops>,
                    Row<"without-ms-swd", Without<Full, MsSwd>, drops>>,
      argc, argv);
}
