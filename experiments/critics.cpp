// critics: other ways to tell real from made, each in a recipe of its own.
//   critics --recipe patches --instance-data data/photos/cat --instance-prompt "<new1> cat" --output runs/patches
#include <opad/opad.hpp>

using namespace opad;

struct PatchCritic : Default {  // every patch must pass; the head is kept from becoming steep
  static std::string name() { return "patches"; }
  static auto critics() {
    return critic_list(Critic{.eye = Patches<Dino>{},
                              .head = PatchTokens{.hidden = 64},
                              .objective = Hinge{},
                              .weight = 0.05,
                              .warmup = 50,
                              .normalise = true,
                              .augmentation = augment(ColorJitter{}, Translation{}, Cutout{}),
                              .regulariser = R1{.gamma = 0.1}});
  }
};
struct LayerCritics : Default {  // from texture to meaning, in two eyes
  static std::string name() { return "layers"; }
  static auto losses() { return loss_list(LatentMse{}, PixelHuber{.weight = 0.1}); }
  static auto critics() {
    return critic_list(
        Critic{.eye = Layers<Dino, 0, -1>{},
               .head = MultiLayer{},
               .objective = NonSaturating{},
               .weight = 0.05,
               .normalise = true},  // depths differ widely in size
        Critic{.eye = DinoV2{}, .head = Linear{}, .objective = LeastSquares{}, .weight = 0.05, .normalise = true});
  }
  static auto weighting() { return MinSnr{}; }
  static auto learning_rate() { return Cosine{.warmup = 10}; }
};
struct ScoreDistillation : Default {  // a second teacher in the place of discriminators
  static std::string name() { return "vsd"; }
  static auto losses() { return loss_list(PixelMse{.weight = 0.1}); }
  static auto critics() { return critic_list(Vsd<Lora<4>>{}); }
  static auto weighting() { return Uniform{}; }
  static auto learning_rate() { return LinearDecay{}; }
  static auto average() { return Ema{}; }
};

int main(int argc, char** argv) {
  return run_one_of(hana::tuple_t<PatchCritic, LayerCritics, ScoreDistillation>, argc, argv);
}
