#pragma once
#include <boost/hana.hpp>

#include <opad/train/draws.hpp>
#include <opad/words/words.hpp>

namespace lab {

/// One text encoder for both, but while it learns the student hears only a part of what it says: each token's vector is
/// silenced with this probability, the first one excepted, so that no single word carries the concept.
struct WordDropout {
  static constexpr std::string_view name = "word-dropout";
  static constexpr bool shared = true;
  double probability = 0.1;
  opad::Tensor heard(const opad::Tensor& condition, const opad::Draws& draws) const {  // [B, 77, C] -> the same
    opad::require(0 <= probability && probability < 1, "WordDropout: probability = ", probability,
                  "; give 0 or more, and less than 1");
    opad::Stream stream = draws.stream("words/dropout");
    opad::Tensor kept = stream.uniform({condition.size(0), condition.size(1), 1}) >= probability;
    kept.select(1, 0).fill_(true);
    return condition * kept.to(condition.options());
  }
};
static_assert(opad::TextConditioning<WordDropout>);

}  // namespace lab

BOOST_HANA_ADAPT_STRUCT(lab::WordDropout, probability);
