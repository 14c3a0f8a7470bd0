#pragma once
#include <concepts>
#include <string_view>

#include <opad/adapter/textual_inversion.hpp>

namespace opad {

/// How new token rows start and learn.
///   whole_table_decays                   whether the optimiser's weight decay runs over the known rows too
///   policy.initial_id(tokenizer, word)   the row that a new token starts as a copy of
///   policy.select(gradient)              the gradient [n, width] of the new rows that the optimiser sees
template <class P>
concept TokenPolicy =
    requires(const P& policy, const ClipTokenizer& tokenizer, const std::string& word, const Tensor& gradient) {
      { P::name } -> std::convertible_to<std::string_view>;
      { P::whole_table_decays } -> std::convertible_to<bool>;
      { policy.initial_id(tokenizer, word) } -> std::same_as<std::int64_t>;
      { policy.select(gradient) } -> std::same_as<Tensor>;
    };

/// The new rows alone train, each from a word that must be a single token.
struct NewRows {
  static constexpr std::string_view name = "new-rows";
  static constexpr bool whole_table_decays = false;
  std::int64_t initial_id(const ClipTokenizer& tokenizer, const std::string& word) const {
    const auto ids = tokenizer.tokenize(word);
    require(ids.size() == 1, "the initializer '", word, "' is ", ids.size(), " tokens; choose a word that is one");
    return ids[0];
  }
  Tensor select(const Tensor& gradient) const { return gradient; }
};

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
static_assert(TokenPolicy<NewRows> && TokenPolicy<ReleasedTable>);

}  // namespace opad
