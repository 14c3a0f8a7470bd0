#pragma once
#include <opad/encoder/identity_encoder.hpp>
#include <opad/loss/loss.hpp>
#include <opad/space/features.hpp>

namespace opad {

/// Do both pictures show the same individual?  1 - mean over tokens of cos(e(student), e(target)), with e the identity
/// encoder's tokens.
struct Identity {
  static constexpr std::string_view name = "identity";
  using space = Features<IdentityEncoder>;
  double weight = 1.0;
  Tensor operator()(const Tensor& student, const Tensor& target) const {  // [B, tokens, width] twice -> [B]
    require_same_shape("Identity", student, target);
    return 1 - at::cosine_similarity(student, target, -1).mean(-1);
  }
};
static_assert(LossTerm<Identity>);

}  // namespace opad

BOOST_HANA_ADAPT_STRUCT(opad::Identity, weight);
