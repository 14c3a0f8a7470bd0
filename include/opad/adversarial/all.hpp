#pragma once
#include <opad/adversarial/critic.hpp>
#include <opad/adversarial/head/linear.hpp>
#include <opad/adversarial/objective/cross_entropy.hpp>
#include <opad/adversarial/vsd.hpp>
#include <opad/core/hana.hpp>
#include <opad/encoder/dino.hpp>

namespace opad::all {

/// Every kind of critic: the discriminator, here with one of its eyes, heads and objectives, and the second teacher.
inline constexpr auto critics = hana::tuple_t<Critic<Dino, Linear, CrossEntropy>, Vsd<>>;

}  // namespace opad::all
