#pragma once
/// The laws that every TokenPolicy and every TextConditioning obeys (tokens/tokens.hpp, words/words.hpp).
#include <opad/core/random.hpp>
#include <opad/tokens/tokens.hpp>
#include <opad/train/draws.hpp>
#include <opad/words/words.hpp>

#include "support/catch.hpp"

namespace laws {

/// A new token starts as one of the rows that there are; each row's gradient reaches the optimiser as it is or as
/// nothing, and is not changed on the way.
template <opad::TokenPolicy P>
void token_policy(const P& policy, const opad::ClipTokenizer& tokenizer) {
  const std::int64_t id = policy.initial_id(tokenizer, "dog");
  REQUIRE((0 <= id && id < tokenizer.size()));
  REQUIRE(policy.initial_id(tokenizer, "dog") == id);
  for (const std::int64_t rows : {1, 3}) {
    const opad::Tensor gradient = opad::Random(2).stream("gradient").normal({rows, 5}), before = gradient.clone(),
                       seen = policy.select(gradient);
    REQUIRE(seen.sizes() == gradient.sizes());
    REQUIRE(at::equal(gradient, before));
    for (std::int64_t i = 0; i < rows; ++i)
      REQUIRE((at::equal(seen[i], gradient[i]) || seen[i].abs().max().template item<double>() == 0));
    REQUIRE(seen.abs().max().template item<double>() > 0);
  }
}

/// What the student hears has its condition's shape, is the same when asked again, and is each sample's own.
template <opad::TextConditioning W>
void text_conditioning(const W& words) {
  if constexpr (requires(const opad::Tensor& c, const opad::Draws& draws) { words.heard(c, draws); }) {
    static const opad::Observer nobody;
    const opad::Draws draws(opad::Random(2), 3, 0, torch::kCPU, nobody);
    const opad::Tensor condition = opad::Random(3).stream("condition").normal({3, 7, 12});
    const opad::Tensor heard = words.heard(condition, draws);
    REQUIRE(heard.sizes() == condition.sizes());
    REQUIRE(at::isfinite(heard).all().template item<bool>());
    REQUIRE(at::equal(heard, words.heard(condition, draws)));
    opad::Tensor other = condition.clone();
    other[2] += 1;
    REQUIRE(at::equal(words.heard(other, draws).narrow(0, 0, 2), heard.narrow(0, 0, 2)));
  }
}

}  // namespace laws
