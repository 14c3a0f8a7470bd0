#pragma once
#include <opad/core/hana.hpp>
#include <opad/learning_rate/constant.hpp>
#include <opad/learning_rate/cosine.hpp>
#include <opad/learning_rate/linear_decay.hpp>

namespace opad::all {

/// Every course of the learning rates.
inline constexpr auto learning_rates = hana::tuple_t<Constant, LinearDecay, Cosine>;

}  // namespace opad::all
