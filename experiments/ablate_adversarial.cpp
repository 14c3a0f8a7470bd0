// ablate_adversarial: how the student's pictures are judged. Heads, objectives, regulariser, augmentation, and a second
// teacher instead.
#include "full.hpp"

using namespace opad;

/// The full method's two eyes with other judges behind them.
template <class Head, class Objective, class Regulariser = NoRegulariser>
struct Judged : Full {
  static auto critics() {
    return critic_list(
        Critic{Dino{}, Head{.normalise = true}, Objective{}, 0.05,
               augment(Translation{.share = 0.0625, .reflect = true}, Blur{}, Noise{.sigma = 0.15}), Regulariser{}},
        Critic{IdentityEncoder{}, Head{.normalise = true}, Objective{}, 0.05, augment(), Regulariser{}});
  }
};
struct Unaugmented : Full {
  static auto critics() {
    return critic_list(Critic{Dino{}, Linear{.normalise = true}, CrossEntropy{}, 0.05},
                       Critic{IdentityEncoder{}, Linear{.normalise = true}, CrossEntropy{}, 0.05});
  }
};
struct SecondTeacher : Full {
  static auto critics() { return critic_list(Vsd<Lora<4>>{}); }
};

int main(int argc, char** argv) {
  return sweep(
      hana::tuple_t<Full, Row<"hinge", Judged<Linear, Hinge>>, Row<"non-saturating", Judged<Linear, NonSaturating>>,
                    Row<"least-squares", Judged<Linear, LeastSquares>>, Row<"r1", Judged<Linear, CrossEntropy, R1>>,
                    Row<"mlp-heads", Judged<Mlp, CrossEntropy>>, Row<"without-augmentation", Unaugmented>,
                    Row<"vsd", SecondTeacher>>,
      argc, argv);
}
