// ablate_losses: the student's alignment and adversarial terms, each left out.
#include <opad/opad.hpp>
#include <opad/experiment/sweep.hpp>
using namespace opad;

struct Full : Default {
  static std::string name() { return "full"; }
};
struct WithoutAdversarial : Full {
  static std::string name() { return "without-adversarial"; }
  static constexpr int published = -1;  // "the key ingredient"
  static auto critics() { return critic_list(); }
};
struct WithoutAlignment : Full {
  static std::string name() { return "without-alignment"; }
  static constexpr int published = -1;
  static auto losses() { return loss_list(); }
};

int main(int argc, char** argv) { return sweep(hana::tuple_t<Full, WithoutAdversarial, WithoutAlignment>, argc, argv); }
