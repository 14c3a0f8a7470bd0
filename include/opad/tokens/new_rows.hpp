#pragma once
#include <opad/tokens/tokens.hpp>

namespace opad {

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
static_assert(TokenPolicy<NewRows>);

}  // namespace opad
