#pragma once
#include <opad/tokens/tokens.hpp>

namespace opad {

/// As the released script does it, by accident (see docs/presets.md): weight decay shrinks every row of the table; the
/// initializer is looked up as a raw entry of the vocabulary, without its end-of-word mark, and is the end token where
/// there is none; with two or more new tokens the last one never learns.
struct ReleasedTable {
  static constexpr std::string_view name = "released-table";
  static constexpr bool whole_table_decays = true;
  std::int64_t initial_id(const ClipTokenizer& tokenizer, const std::string& word) const {
    return tokenizer.token_id(word).value_or(tokenizer.eos_token_id());
  }
  Tensor select(const Tensor& gradient) const {
    if (gradient.size(0) < 2) return gradient;
    Tensor kept = gradient.clone();
    kept[-1].zero_();
    return kept;
  }
};
static_assert(TokenPolicy<ReleasedTable>);

}  // namespace opad
