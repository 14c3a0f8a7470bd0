#pragma once
#include <concepts>
#include <string_view>

#include <opad/core/tensor.hpp>
#include <opad/text/clip_tokenizer.hpp>

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

}  // namespace opad
