// ablate_backbones: the same critics behind other eyes. One token or every patch, one depth or several, DINO or DINOv2.
#include "full.hpp"

using namespace opad;

template <class Eye, class Head>
struct Through : Full {
  static auto critics() {
    return critic_list(
        Critic{.eye = Eye{}, .head = Head{}, .objective = CrossEntropy{}, .weight = 0.05, .normalise = true});
  }
};

int main(int argc, char** argv) {
  return sweep(hana::tuple_t<Row<"dino", Through<Dino, Linear>>, Row<"dinov2", Through<DinoV2, Linear>>,
                             Row<"identity-encoder", Through<IdentityEncoder, Linear>>,
                             Row<"dino-patches", Through<Patches<Dino>, PatchTokens>>,
                             Row<"dino-layers", Through<Layers<Dino, 0, -1>, MultiLayer>>>,
               argc, argv);
}
