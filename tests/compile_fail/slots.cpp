// What a person reads who puts a policy where it does not fit. Each "// prints:" line must be among the compiler's errors.
#include <opad/adversarial/objective/hinge.hpp>
#include <opad/adversarial/vsd.hpp>
#include <opad/coupling/collaborative.hpp>
#include <opad/coupling/sequential.hpp>
#include <opad/coupling/student_only.hpp>
#include <opad/encoder/dinov2.hpp>
#include <opad/encoder/layers.hpp>
#include <opad/loss/identity.hpp>
#include <opad/loss/pixel_mse.hpp>
#include <opad/target/grid.hpp>
#include <opad/recipe/derived.hpp>
#include <opad/recipe/presets/default.hpp>

using namespace opad;

struct Nothing {};

// prints: loss_list: an argument is not a LossTerm. Give it name, weight, space and
auto a = loss_list(LatentMse{}, Nothing{});
// prints: LossList::without<T>: the recipe has no such term, so leaving it out would change nothing.
auto b = loss_list(LatentMse{}).without<PixelMse>();
// prints: LossList::only<T>: the recipe has no such term.
auto c = loss_list(LatentMse{}).only<PixelMse>();
// prints: LossList::with: the recipe has this term already; use replace.
auto d = loss_list(LatentMse{}).with(LatentMse{});
// prints: LossList::replace<Old>: the recipe has no such term.
auto e = loss_list(LatentMse{}).replace<PixelMse>(Identity{});

// prints: critic_list: an argument is not a critic. Give Critic{.eye = Dino{}, .head = Mlp{}, .objective = Hinge{}}
auto f = critic_list(Dino{});
// prints: CriticList::without<T>: the recipe has no such critic, so leaving it out would change nothing.
auto g = critic_list(Critic{.eye = Dino{}, .head = Linear{}, .objective = Hinge{}}).without<DinoV2>();
// prints: CriticList::only<T>: the recipe has no such critic.
auto h = critic_list(Critic{.eye = Dino{}, .head = Linear{}, .objective = Hinge{}}).only<DinoV2>();
// prints: Critic: .head is not a Head (include/opad/adversarial/head/).
auto i = sizeof(Critic<Dino, Hinge, Hinge>);
// prints: Critic: .objective is not an Objective (include/opad/adversarial/objective/).
auto j = sizeof(Critic<Dino, Linear, Linear>);
// prints: augment: an argument is not a PictureChange.
auto k = augment(Nothing{});
// prints: Features<B>: B is not a Backbone.
auto l = sizeof(Features<Nothing>);
// prints: Layers<B, Blocks...>: name at least one block
auto m = sizeof(Layers<Dino>);
// prints: Vsd<Trained>: what trains of the second teacher is an Adapter
auto n = sizeof(Vsd<Nothing>);

// prints: Grid<N, K>: N points, of which K are stepped through
auto o = Grid<4, 5>{};
// prints: Collaborative<Base>: Base has no teacher, so there are not two models to learn from each other; use Joint.
auto p = Collaborative<StudentOnly>{};

// prints: Without<Base, What>: What is neither a loss term (Identity), nor a critic or its Backbone (Dino), nor
auto q = Without<Default, Joint>::name();
// prints: Only<Base, What>: What is neither a loss term (LatentMse) nor a critic or its Backbone (Dino).
auto r = Only<Default, Joint>::name();
// prints: With<Base, What>: What is neither a loss term (Lpips) nor a critic
auto s = With<Default, Dino>::name();
// prints: Replace<Base, Old, New>: no slot of Base gives Old, so nothing would change.
auto t = Replace<Default, Sequential, Joint>::name();
