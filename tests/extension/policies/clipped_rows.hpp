#pragma once
#include <boost/hana.hpp>

#include <opad/tokens/tokens.hpp>

namespace lab {

/// A new token may start from a word of several tokens, as the last of them; and each row's gradient is clipped to a
/// length, so that of several new tokens none runs ahead.
struct ClippedRows {
  static constexpr std::string_view name = "clipped-rows";
  static constexpr bool whole_table_decays = false;
  double most = 0.1;
  std::int64_t initial_id(const opad::ClipTokenizer& tokenizer, const std::string& word) const {
    const auto ids = tokenizer.tokenize(word);
    opad::require(!ids.empty(), "the initializer is empty; give a word");
    return ids.back();
  }
  opad::Tensor select(const opad::Tensor& gradient) const {  // [n, width]
    return gradient * (most / gradient.norm(2, 1, /*keepdim=*/true).clamp_min(most));
  }
};
static_assert(opad::TokenPolicy<ClippedRows>);

}  // namespace lab

BOOST_HANA_ADAPT_STRUCT(lab::ClippedRows, most);
