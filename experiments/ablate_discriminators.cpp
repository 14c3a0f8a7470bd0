// ablate_discriminators: which eyes judge the student's pictures. All three, each alone, each left out.
#include "full.hpp"

using namespace opad;

struct AllThree : Full {
  static std::string name() { return "all-three"; }
  static auto critics() {
    return Full::critics().with(
        Critic{.eye = DinoV2{}, .head = Linear{}, .objective = CrossEntropy{}, .weight = 0.05, .normalise = true});
  }
};

int main(int argc, char** argv) {
  return sweep(
      hana::tuple_t<AllThree, Row<"only-dino", Only<AllThree, Dino>>, Row<"only-dinov2", Only<AllThree, DinoV2>>,
                    Row<"only-identity-encoder", Only<AllThree, IdentityEncoder>>,
                    Row<"without-dino", Without<AllThree, Dino>>,
                    Row<"without-identity-encoder", Without<AllThree, IdentityEncoder>>,
                    Full>,  // without DinoV2
      argc, argv);
}
