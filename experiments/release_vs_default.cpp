// release_vs_default: what the released script does differently, one thing at a time (docs/presets.md), and all at
// once.
#include "full.hpp"

using namespace opad;

struct GreyCanvas : Default {
  static auto real() { return Photographs{.canvas = true}; }
};
struct Unadapted : Default {  // encoders see [-1, 1], without their mean and deviation
  template <class B>
  using Seen = Features<B, Bilinear, Unnormalised>;
  static auto losses() { return loss_list(LatentMse{}, In<Seen<IdentityEncoder>, Identity>{}, MsSwd{.levels = 3}); }
  static auto critics() {
    return critic_list(Critic{.eye = Seen<Dino>{},
                              .head = Linear{},
                              .objective = CrossEntropy{},
                              .weight = 0.05,
                              .normalise = true,
                              .augmentation = dino_critic().augmentation},
                       Critic{.eye = Seen<IdentityEncoder>{},
                              .head = Linear{},
                              .objective = CrossEntropy{},
                              .weight = 0.05,
                              .normalise = true});
  }
};
struct LoudCritics : Default {  // raw features, perceptrons, full weight
  static auto critics() {
    return critic_list(Critic{.eye = Dino{}, .head = Mlp{}, .objective = CrossEntropy{}},
                       Critic{.eye = IdentityEncoder{}, .head = Mlp{}, .objective = CrossEntropy{}});
  }
};

int main(int argc, char** argv) {
  return sweep(hana::tuple_t<Default, Row<"released-table", Replace<Default, NewRows, ReleasedTable>>,
                             Row<"grey-canvas", GreyCanvas>, Row<"encoders-unadapted", Unadapted>,
                             Row<"ms-swd-on-signed-pixels", Replace<Default, MsSwd, In<Pixel, MsSwd>>>,
                             Row<"loud-critics", LoudCritics>, Release>,
               argc, argv);
}
