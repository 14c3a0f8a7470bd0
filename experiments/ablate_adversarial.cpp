// ablate_adversarial: how the student's pictures are judged. Heads, objectives, regulariser, augmentation, and a second
// teacher instead.
#include "full.hpp"

using namespace opad;

/// The full method's two eyes with other judges behind them.
template <class Head, class Objective, class Regulariser = NoRegulariser>
struct Judged : Full {
  static auto critics() {
    return critic_list(Critic{.eye = Dino{},
                              .head = Head{},
                              .objective = Objective{},
                              .weight = 0.05,
                              .normalise = true,
                              .augmentation = dino_critic().augmentation,
                              .regulariser = Regulariser{}},
                       Critic{.eye = IdentityEncoder{},
                              .head = Head{},
                              .objective = Objective{},
                              .weight = 0.05,
                              .normalise = true,
                              .regulariser = Regulariser{}});
  }
};
struct Unaugmented : Full {
  static auto critics() {
    return critic_list(
        Critic{.eye = Dino{}, .head = Linear{}, .objective = CrossEntropy{}, .weight = 0.05, .normalise = true},
        identity_critic());
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
