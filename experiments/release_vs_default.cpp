// release_vs_default: what the released script does differently, one thing at a time (docs/presets.md), and all at
// once.
#include "full.hpp"

using namespace opad;

struct Reference : Default {
  static std::string name() { return "default"; }
};
struct GreyCanvas : Default {
  static auto real() { return Photographs{.canvas = true}; }
};
struct RawPixels : Default {  // photographs as they are, beside pictures that came out of the VAE
  static auto real() { return Photographs{.canvas = false, .through_vae = false}; }
};
struct Unadapted : Default {  // encoders see [-1, 1], without their mean and deviation
  template <class B>
  using Seen = Features<B, Bilinear, Unnormalised>;
  static auto losses() { return loss_list(LatentMse{}, In<Seen<IdentityEncoder>, Identity>{}, MsSwd{.levels = 3}); }
  static auto critics() {
    return critic_list(
        Critic{Seen<Dino>{}, Linear{}, CrossEntropy{}, 0.05,
               augment(Translation{.share = 0.0625, .reflect = true}, Blur{}, Noise{.sigma = 0.15}), NoRegulariser{}, 0,
               true},
        Critic{Seen<IdentityEncoder>{}, Linear{}, CrossEntropy{}, 0.05, augment(), NoRegulariser{}, 0, true});
  }
};
struct LoudCritics : Default {  // raw features, perceptrons, full weight
  static auto critics() {
    return critic_list(Critic{Dino{}, Mlp{}, CrossEntropy{}}, Critic{IdentityEncoder{}, Mlp{}, CrossEntropy{}});
  }
};

int main(int argc, char** argv) {
  return sweep(
      hana::tuple_t<Reference, Row<"released-table", Replace<Default, NewRows, ReleasedTable>>,
                    Row<"grey-canvas", GreyCanvas>, Row<"raw-pixels", RawPixels>, Row<"encoders-unadapted", Unadapted>,
                    Row<"ms-swd-on-signed-pixels", Replace<Default, MsSwd, In<Pixel, MsSwd>>>,
                    Row<"loud-critics", LoudCritics>, Release>,
      argc, argv);
}
